"""Where orders wait that ask their member first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.draft import Draft
from bot.domain.job import NewRequest, Origin


class DraftStore(Protocol):
    """Drafts: asked about, then made or dropped, once. Every method may raise StoreError."""

    async def add(self, draft: Draft, origin: Origin) -> int:
        """Keep a draft; returns its number.

        Raises Refusal for more pictures than a member may have waiting at all, or than a quota allows right now.
        """
        ...

    async def find(self, draft_id: int) -> Draft | None:
        """A draft that is still to be answered, or None."""
        ...

    async def accept(self, draft_id: int, requests: Sequence[NewRequest]) -> list[int] | None:
        """Store the requests of a draft, all or none; returns their ids, or None where it was answered already.

        It is answered by the member of the requests: another member's is not found.

        Raises Refusal where the member has too many jobs waiting for all of them: then it can still be answered.
        """
        ...

    async def drop(self, draft_id: int, user_id: int) -> bool:
        """Answer a draft with no; False where it was answered already, or is another member's."""
        ...

    async def forget(self, before: datetime) -> int:
        """Delete the drafts of before a moment, whatever became of them; returns how many."""
        ...
