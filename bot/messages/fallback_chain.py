"""The delivery ladder: ways to bring a card to its member, tried from the nearest to the last.

1. edit the interaction's response while its token lives; 2. edit the same message with the bot's own token; 3. post a
new message in the channel (not for private requests); 4. send a direct message. Where only a member brought the bot
along, its own token opens nothing: rungs 2 and 3 are left out.

A request that is `apart` (one press made several) has no response of its own: its message is a new one in the channel,
or, where that cannot be, a follow-up.

Edits may be repeated; a new message may not. It begins with a few words and without a picture, its id is written down,
and an edit puts the card on it. Killed in between, the next process finds it again by its nonce; a follow-up has none,
and after minutes a nonce is forgotten: then the words are left behind, and the picture is still shown once.
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
"""A webhook's name for an interaction's response, or for the message whose button was pressed."""
_APPLICATION_WEBHOOK: Final = 3
"""Discord's type of the webhooks that interactions are answered through."""
_LAST_SECONDS: Final = 5.0
"""A token this close to its end is not relied on."""
MISSING: Final = discord.utils.MISSING


class DeliveryTrouble(Exception):  # noqa: N818 - not an error of ours: the attempt is made again
    """Discord or the network is in trouble; the same attempt may succeed later."""


class TooLarge(Exception):  # noqa: N818 - an answer, not a fault: the next try sends smaller files
    """Discord refuses the files for their size."""


NOT_SHOWN: Final = MessageState(by="", message_id=None, channel_id=None, attachments={}, edited=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A picture to send with a card; None for `fitted` keeps the attachment that the message has already.

    With `data` it is no job's picture, but a small one that is sent anew each time.
    """

    file_name: str
    description: str
    fitted: Fitted | None
    attachment_id: int | None = None
    shrunk: str = ""
    data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """How a new message begins: its first words, and what writes down where it is before its card is on it."""

    words: Callable[[], discord.ui.LayoutView]
    begun: Callable[[MessageState], Awaitable[None]]


class _Kept:
    """An attachment that stays on an edited message; discord.py asks attachments for nothing but this."""

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
        """Show a card on the highest rung that holds; NOT_SHOWN (by "") where there is none left.

        Without `new` there are no new messages (rungs 3 and 4). Raises DeliveryTrouble or TooLarge; a message may have
        begun then.
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
                # What aiohttp says of the session that a client closes which lost its gateway for good.
                if not self._client.is_closed():
                    raise
                raise DeliveryTrouble(f"{name}: the connection to Discord is closed") from error
        return NOT_SHOWN if not token_died else replace(NOT_SHOWN, token_died=True)

    async def shows_still(self, request: Request, card: Card, uploads: list[Upload]) -> bool:
        """Whether a request's message shows this card with these files; yes where it cannot be read.

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
        """Delete a request's message; returns whether it is gone. Raises DeliveryTrouble where it may work later."""
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
            # Its time seems to be over, yet it is still known: it may be our clock that is wrong.
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
        """Raise what is not the rung's fault: trouble that passes, or files that are too large."""
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
        """Rung 3 for the first message of a request that is apart, where the channel is not for it."""
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
    """A new message. The nonce makes a repetition within minutes find the first one instead of posting another."""
    message = await channel.send(view=new.words(), nonce=nonce)
    await new.begun(posted_in(message, by=by, edited=False))
    try:
        return replace(await _edited(channel.get_partial_message(message.id), card, uploads, by=by), edited=False)
    except discord.Forbidden:  # words, but no files: the next rung has them
        await message.delete()
        raise


async def _edited(partial: discord.PartialMessage, card: Card, uploads: list[Upload], *, by: str) -> MessageState:
    # discord.py passes the client's own silence on with `content` alone, which a card has none of.
    nobody = discord.AllowedMentions.none()
    files = cast(Any, _files(uploads))
    message = await partial.edit(view=card.view, attachments=files, allowed_mentions=nobody)
    return posted_in(message, by=by, edited=True)


def webhook_of(client: discord.Client, application_id: int, token: str) -> discord.Webhook:
    """What an interaction is answered through, by its token alone."""
    data: Any = {"id": application_id, "type": _APPLICATION_WEBHOOK, "token": token}
    # discord.py makes an interaction's own webhook in this way.
    return discord.Webhook.from_state(data, client._connection)  # noqa: SLF001


async def direct_channel(client: discord.Client, user_id: int) -> discord.PartialMessageable:
    """Open (or find) the direct-message channel with a user; raises discord.HTTPException.

    `Client.create_dm` would send the id as a number, which Discord's API description does not allow.
    """
    channel = await client.http.start_private_message(str(user_id))
    return client.get_partial_messageable(int(channel["id"]))


def _answer_of(request: Request) -> int | None:
    """How the request's token names its message; None where it does not know it, or there is none yet."""
    if request.message_by not in {"", "interaction"}:
        return None
    return request.message_id if request.apart else ORIGINAL


def _token_reaches(request: Request) -> bool:
    """Whether the bot's own token can change the request's message."""
    if request.message_id is None:
        return False
    return request.message_by == "dm" or (
        request.origin.bot_present and not (request.private and request.message_by == "interaction")
    )


def token_lives(request: Request, now: datetime) -> bool:
    """Whether a request's own token may be used; with it, its message shares no limit of Discord with any other."""
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
    """What an edit must list: the files that stay, then the new ones; what is not listed is removed."""
    kept = [_Kept(u.attachment_id) for u in uploads if u.fitted is None and u.attachment_id is not None]
    return [*kept, *_new_files(uploads)]
