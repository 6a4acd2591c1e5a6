"""What moderators do to members and their pictures: block, unblock, remove. Each is one audited transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.clock import Clock
from bot.domain.audit import AuditAction, AuditEntry, NewAuditEntry
from bot.domain.errors import Markup, NoSuchRequestError, Refusal
from bot.domain.job import RequestView
from bot.domain.rules import Block
from bot.ports import Presenter, RequestStore
from bot.ports.audit import AuditStore
from bot.ports.rules import BlockStore

MAX_REASON_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderator:
    """Somebody who looks after a server, as Discord said with this very command or press."""

    user_id: int
    guild_id: int


class Moderation:
    """The service behind `/block`, `/unblock`, `/blocks` and "Remove picture"."""

    def __init__(
        self,
        *,
        blocks: BlockStore,
        requests: RequestStore,
        audit: AuditStore,
        presenter: Presenter,
        clock: Clock,
        on_block: Iterable[Callable[[Block], None]] = (),
        on_unblock: Iterable[Callable[[Moderator, int], None]] = (),
        on_removal: Iterable[Callable[[int, RequestView], None]] = (),
    ) -> None:
        self._blocks = blocks
        self._requests = requests
        self._audit = audit
        self._presenter = presenter
        self._clock = clock
        self._on_block = tuple(on_block)
        self._on_unblock = tuple(on_unblock)
        self._on_removal = tuple(on_removal)

    async def block(
        self, moderator: Moderator, member_id: int, *, lasts: timedelta | None, reason: str = "", told: bool = False
    ) -> tuple[Block, int]:
        """Block a member, for a time or for good, in place of an earlier block.

        What waits of theirs is taken back for free; what is being made is paid for, and comes. Returns the block and
        how many requests were taken back.
        """
        if member_id == moderator.user_id:
            raise Refusal("block_self")
        now = self._clock.now()
        block = Block(
            guild_id=moderator.guild_id,
            member_id=member_id,
            by_id=moderator.user_id,
            since=now,
            until=None if lasts is None else now + lasts,
            reason=" ".join(reason.split())[:MAX_REASON_CHARACTERS],
            told=told,
        )
        until = "for good" if block.until is None else f"until {block.until:%Y-%m-%d %H:%M} UTC"
        detail = f"{until}: {block.reason}" if block.reason else until
        changed = await self._blocks.block(block, _entry(moderator, AuditAction.BLOCK, member_id, detail))
        self._presenter.refresh(changed)
        for blocked in self._on_block:
            blocked(block)
        return block, len(changed)

    async def unblock(self, moderator: Moderator, member_id: int) -> None:
        """Let a member order again; raises Refusal for one who is not blocked."""
        entry = _entry(moderator, AuditAction.UNBLOCK, member_id, "")
        if not await self._blocks.unblock(moderator.guild_id, member_id, entry):
            raise Refusal("not_blocked", member=Markup(f"<@{member_id}>"))
        for unblocked in self._on_unblock:
            unblocked(moderator, member_id)

    async def blocks(self, moderator: Moderator) -> list[Block]:
        """The blocks that hold in a server, the newest first."""
        now = self._clock.now()
        return [block for block in await self._blocks.blocks(moderator.guild_id) if block.holds(now)]

    async def removable(self, moderator: Moderator, message_id: int, interaction_id: int | None) -> RequestView:
        """The request that a message of this server shows; raises Refusal where it shows none."""
        request_id = await self._requests.request_of_message(message_id, interaction_id)
        if request_id is None:
            raise Refusal("not_a_card")
        view = await self.of_server(moderator, request_id)
        if view.request.deleted_at is not None:
            raise _deleted(view)
        return view

    async def remove(self, moderator: Moderator, request_id: int, reason: str) -> RequestView:
        """Take a request's messages away, whatever its state: what waits is free; what is being made is charged.

        Its member gets nothing back for it; a picture that comes afterwards is kept for them alone.
        """
        view = await self.of_server(moderator, request_id)
        first = min(job.id for job in view.jobs)
        told = " ".join(reason.split())[:MAX_REASON_CHARACTERS]
        entry = _entry(moderator, AuditAction.REMOVE, view.request.origin.user_id, told, job_id=first)
        if not await self._requests.remove(request_id, entry):
            raise _deleted(view)
        self._presenter.refresh([request_id])
        for removed in self._on_removal:
            removed(moderator.user_id, view)
        return view

    async def of_server(self, moderator: Moderator, request_id: int) -> RequestView:
        """A request of the moderator's server, deleted or not; raises Refusal for any other, and for none.

        Whether they may moderate in its channel is for the caller to check, before they are told anything of it.
        """
        try:
            view = await self._requests.view(request_id)
        except NoSuchRequestError:
            raise Refusal("not_a_card") from None
        if view.request.origin.guild_id != moderator.guild_id:
            raise Refusal("not_a_card")
        return view

    async def audit(self, moderator: Moderator, *, before_id: int | None = None, limit: int) -> list[AuditEntry]:
        """What those who look after the server did, the latest first."""
        return await self._audit.entries(moderator.guild_id, before_id=before_id, limit=limit)


def _deleted(view: RequestView) -> Refusal:
    return Refusal("deleted", number=min(job.id for job in view.jobs))


def _entry(
    moderator: Moderator, action: AuditAction, member_id: int, detail: str, *, job_id: int | None = None
) -> NewAuditEntry:
    return NewAuditEntry(
        guild_id=moderator.guild_id,
        actor_id=moderator.user_id,
        action=action,
        member_id=member_id,
        job_id=job_id,
        detail=detail,
    )
