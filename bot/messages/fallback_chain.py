"""The fallback chain: the ways to show a card to its member, tried in order (its rungs).

1. Edit the interaction's response while its token is valid. 2. Edit the same message with the bot's own token. 3. Post
a new message in the channel (not for private requests). 4. Send a direct message. If only the member installed the bot,
its own token has no access: rungs 2 and 3 are skipped.

A request that is `apart` (one of several made by one press) has no response of its own: its message is a new one in the
channel or, if that is not allowed, a follow-up.

Edits are idempotent, new messages are not. So a new message is posted with a short text first, its id is stored, and an
edit adds the card. If the process is killed in between, the next one finds the message by its nonce. A follow-up has no
nonce, and Discord forgets one after minutes: then the short text stays, and the card is still shown only once.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

import aiohttp
import discord

from bot.clock import Clock
from bot.domain.job import Request
from bot.messages.message_state import MessageState, posted_in, shows
from bot.ports import Fitted
from bot.ui.card import Card
from bot.ui.upload_limits import is_too_large

log = logging.getLogger(__name__)

_TOKEN_INVALID: Final = frozenset({10015, 50027})
_UNKNOWN_MESSAGE: Final = 10008
ORIGINAL: Final = cast(int, "@original")
"""The message id by which webhooks address an interaction's response, or the message of the pressed button."""
_APPLICATION_WEBHOOK: Final = 3
"""Discord's type for the webhooks of interactions."""
_LAST_SECONDS: Final = 5.0
"""A token is not used when it expires within this time."""
MISSING: Final = discord.utils.MISSING


class DeliveryTrouble(Exception):  # noqa: N818 - temporary: the attempt is repeated
    """A temporary failure of Discord or the network; the same attempt may succeed later."""


class TooLarge(Exception):  # noqa: N818 - control flow: the next attempt sends smaller files
    """Discord rejected the files because of their size."""


NOT_SHOWN: Final = MessageState(by="", message_id=None, channel_id=None, attachments={}, edited=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A picture to send with a card; `fitted` is None to keep an attachment that the message has already.

    If `data` is set, it is not a job's picture but a small one that is uploaded each time.
    """

    file_name: str
    description: str
    fitted: Fitted | None
    attachment_id: int | None = None
    shrunk: str = ""
    data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """For a new message: its first text, and the callback that stores where it is before the card is added."""

    words: Callable[[], discord.ui.LayoutView]
    begun: Callable[[MessageState], Awaitable[None]]


class _Kept:
    """An attachment to keep in an edit; `to_dict` is all that discord.py calls on attachments."""

    def __init__(self, attachment_id: int) -> None:
        self._id = attachment_id

    def to_dict(self) -> dict[str, Any]:
        return {"id": str(self._id)}


class FallbackChain:
    """Shows cards through a logged-in client."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def show(
        self, request: Request, card: Card, uploads: list[Upload], *, new: NewMessage | None
    ) -> MessageState:
        """Show a card in the first way that works; NOT_SHOWN (`by` is "") if none does.

        Without `new` there are no new messages (rungs 3 and 4). Raises DeliveryTrouble or TooLarge; a new message may
        have been posted without its card then.
        """
        token_died = False
        for name, rung in self._rungs(request, card, uploads, new):
            try:
                return replace(await rung(), token_died=token_died)
            except discord.HTTPException as error:
                self._classify(error, uploads)
                token_died = token_died or error.code in _TOKEN_INVALID
                log.info(
                    "delivery_rung_failed",
                    extra={"request_id": request.id, "rung": name, "status": error.status, "code": error.code},
                )
            except (aiohttp.ClientError, OSError, TimeoutError, discord.RateLimited) as error:
                raise DeliveryTrouble(f"{name}: {error}") from error
            except RuntimeError as error:
                # aiohttp raises this for the session of a client that lost its gateway for good and was closed.
                if not self._client.is_closed():
                    raise
                raise DeliveryTrouble(f"{name}: the connection to Discord is closed") from error
        return NOT_SHOWN if not token_died else replace(NOT_SHOWN, token_died=True)

    async def shows_still(self, request: Request, card: Card, uploads: list[Upload]) -> bool:
        """Whether a request's message shows this card with these files; True if it cannot be read.

        Raises DeliveryTrouble.
        """
        answer = _answer_of(request)
        try:
            if answer is not None and token_lives(request, self._clock.now()):
                message: discord.Message = await self._webhook(request).fetch_message(answer)
            elif _token_reaches(request):
                channel = self._client.get_partial_messageable(request.channel_id, guild_id=request.origin.guild_id)
                message = await channel.fetch_message(request.message_id or 0)
            else:
                return True
        except discord.HTTPException as error:
            self._classify(error, [])
            return True
        except (aiohttp.ClientError, OSError, TimeoutError, discord.RateLimited) as error:
            raise DeliveryTrouble(f"reading: {error}") from error
        return shows(message, card.view, _names(uploads))

    async def remove(self, request: Request) -> bool:
        """Delete a request's message; returns whether it is gone. Raises DeliveryTrouble for temporary failures."""
        for name, way in self._ways_to_remove(request):
            try:
                await way()
            except discord.HTTPException as error:
                if error.code == _UNKNOWN_MESSAGE:
                    return True
                self._classify(error, [])
                log.info("removal_failed", extra={"request_id": request.id, "way": name, "code": error.code})
            except (aiohttp.ClientError, OSError, TimeoutError, discord.RateLimited) as error:
                raise DeliveryTrouble(f"{name}: {error}") from error
            else:
                return True
        return False

    def _ways_to_remove(self, request: Request) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        answer = _answer_of(request)
        if answer is not None and token_lives(request, self._clock.now()):
            yield "interaction", lambda: self._webhook(request).delete_message(answer)
        if _token_reaches(request):
            channel = self._client.get_partial_messageable(request.channel_id, guild_id=request.origin.guild_id)
            yield "bot", channel.get_partial_message(request.message_id or 0).delete

    def _rungs(
        self, request: Request, card: Card, uploads: list[Upload], new: NewMessage | None
    ) -> Iterator[tuple[str, Callable[[], Awaitable[MessageState]]]]:
        lives = token_lives(request, self._clock.now())
        answer = _answer_of(request)
        if answer is not None and lives:
            yield "interaction", lambda: self._edit_answer(request, answer, card, uploads)
        if _token_reaches(request):
            yield "edit", lambda: self._edit_message(request, card, uploads)
        if answer is not None and not lives and request.token is not None:
            # The token seems to have expired but is still stored: our clock may be wrong.
            yield "interaction", lambda: self._edit_answer(request, answer, card, uploads)
        if new is None:
            return
        in_channel = not request.private and request.origin.bot_present
        if in_channel:
            yield "channel", lambda: self._post(request, card, uploads, new)
        elif request.unseen and request.token is not None:
            yield "follow-up", lambda: self._follow_up(request, card, uploads, new)
        yield "dm", lambda: self._send_dm(request, card, uploads, new)

    @staticmethod
    def _classify(error: discord.HTTPException, uploads: list[Upload]) -> None:
        """Raise what other rungs would not solve: temporary failures, and files that are too large."""
        if is_too_large(error) and any(upload.fitted or upload.data for upload in uploads):
            raise TooLarge from error
        if error.status >= 500 or error.status == 429 or (error.status == 401 and error.code not in _TOKEN_INVALID):
            raise DeliveryTrouble(f"HTTP {error.status} {error.text}") from error

    async def _edit_answer(self, request: Request, answer: int, card: Card, uploads: list[Upload]) -> MessageState:
        """Rung 1. `@original` also finds the response of an interaction whose message id was never recorded."""
        files = cast(Any, _files(uploads))
        message = await self._webhook(request).edit_message(answer, view=card.view, attachments=files)
        return posted_in(message, by="interaction", edited=True)

    async def _follow_up(self, request: Request, card: Card, uploads: list[Upload], new: NewMessage) -> MessageState:
        """Rung 3 for the first message of a request that is apart and may not be posted in the channel."""
        nobody = discord.AllowedMentions.none()
        message = await self._webhook(request).send(
            view=new.words(), ephemeral=request.private, allowed_mentions=nobody, wait=True
        )
        await new.begun(posted_in(message, by="interaction", edited=False))
        return replace(await self._edit_answer(request, message.id, card, uploads), edited=False)

    def _webhook(self, request: Request) -> discord.Webhook:
        return webhook_of(self._client, request.origin.application_id, request.token or "")

    async def _edit_message(self, request: Request, card: Card, uploads: list[Upload]) -> MessageState:
        """Rung 2."""
        channel = self._client.get_partial_messageable(request.channel_id, guild_id=request.origin.guild_id)
        partial = channel.get_partial_message(request.message_id or 0)
        return await _edited(partial, card, uploads, by=request.message_by)

    async def _post(self, request: Request, card: Card, uploads: list[Upload], new: NewMessage) -> MessageState:
        """Rung 3."""
        channel = self._client.get_partial_messageable(request.origin.channel_id, guild_id=request.origin.guild_id)
        return await _sent_once(channel, card, uploads, new, nonce=f"r{request.id}", by="bot")

    async def _send_dm(self, request: Request, card: Card, uploads: list[Upload], new: NewMessage) -> MessageState:
        """Rung 4."""
        channel = await direct_channel(self._client, request.origin.user_id)
        return await _sent_once(channel, card, uploads, new, nonce=f"d{request.id}", by="dm")


async def _sent_once(
    channel: discord.PartialMessageable, card: Card, uploads: list[Upload], new: NewMessage, *, nonce: str, by: str
) -> MessageState:
    """Post a new message. Posted again within minutes, the nonce makes Discord return the first one."""
    message = await channel.send(view=new.words(), nonce=nonce)
    await new.begun(posted_in(message, by=by, edited=False))
    try:
        return replace(await _edited(channel.get_partial_message(message.id), card, uploads, by=by), edited=False)
    except discord.Forbidden:  # text is allowed but files are not: use the next rung
        await message.delete()
        raise


async def _edited(partial: discord.PartialMessage, card: Card, uploads: list[Upload], *, by: str) -> MessageState:
    # discord.py applies the client's default mentions only together with `content`, which a card does not have.
    nobody = discord.AllowedMentions.none()
    files = cast(Any, _files(uploads))
    message = await partial.edit(view=card.view, attachments=files, allowed_mentions=nobody)
    return posted_in(message, by=by, edited=True)


def webhook_of(client: discord.Client, application_id: int, token: str) -> discord.Webhook:
    """The webhook through which an interaction is answered, authorized by its token alone."""
    data: Any = {"id": application_id, "type": _APPLICATION_WEBHOOK, "token": token}
    # The way in which discord.py builds an interaction's own webhook.
    return discord.Webhook.from_state(data, client._connection)  # noqa: SLF001


async def direct_channel(client: discord.Client, user_id: int) -> discord.PartialMessageable:
    """Open (or find) the direct-message channel with a user; raises discord.HTTPException.

    `Client.create_dm` would send the id as a number, which Discord's API description does not allow.
    """
    channel = await client.http.start_private_message(str(user_id))
    return client.get_partial_messageable(int(channel["id"]))


def _answer_of(request: Request) -> int | None:
    """The message id by which the token addresses the request's message; None if it cannot, or there is none yet."""
    if request.message_by not in {"", "interaction"}:
        return None
    return request.message_id if request.apart else ORIGINAL


def _token_reaches(request: Request) -> bool:
    """Whether the bot's own token can edit the request's message."""
    if request.message_id is None:
        return False
    return request.message_by == "dm" or (
        request.origin.bot_present and not (request.private and request.message_by == "interaction")
    )


def token_lives(request: Request, now: datetime) -> bool:
    """Whether a request's own token is valid; edits with it have a rate limit of their own."""
    if request.token is None or request.token_expires_at is None:
        return False
    return (request.token_expires_at - now).total_seconds() > _LAST_SECONDS


def _names(uploads: list[Upload]) -> list[str]:
    return [upload.file_name for upload in uploads]


def _new_files(uploads: list[Upload]) -> list[discord.File]:
    contents = [(upload, upload.fitted.path if upload.fitted else io.BytesIO(upload.data or b"")) for upload in uploads]
    return [
        discord.File(content, filename=upload.file_name, description=upload.description)
        for upload, content in contents
        if upload.fitted is not None or upload.data is not None
    ]


def _files(uploads: list[Upload]) -> list[discord.File | _Kept]:
    """The attachments of an edit: the files to keep, then the new ones; Discord removes those that are not listed."""
    kept = [_Kept(u.attachment_id) for u in uploads if u.fitted is None and u.attachment_id is not None]
    return [*kept, *_new_files(uploads)]
