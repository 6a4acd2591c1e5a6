"""Storage of drafts: orders that wait for their member's confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.draft import Draft
from bot.domain.job import NewRequest, Origin


class DraftStore(Protocol):
    """Drafts are confirmed or dropped, once. Every method may raise StoreError."""

    async def add(self, draft: Draft, origin: Origin) -> int:
        """Store a draft; returns its id.

        Raises Refusal for more pictures than a member may have waiting in total, or than a quota allows right now.
        """
        ...

    async def find(self, draft_id: int) -> Draft | None:
        """A draft that has not been answered yet, or None."""
        ...

    async def accept(self, draft_id: int, requests: Sequence[NewRequest]) -> list[int] | None:
        """Store the requests of a draft, all or none; returns their ids, or None if the draft was already answered.

        Only the member of the requests can answer it; for anyone else the draft is not found.

        Raises Refusal if the member has too many jobs waiting to add all of them; the draft then stays unanswered.
        """
        ...

    async def drop(self, draft_id: int, user_id: int) -> bool:
        """Drop a draft; False if it was already answered or belongs to another member."""
        ...

    async def forget(self, before: datetime) -> int:
        """Delete all drafts older than a moment, answered or not; returns how many."""
        ...
