"""Interactions that were told to wait before their order was stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingResponse:
    """An interaction that shows "thinking": Discord's numbers, its token and when that ends, its member's locale."""

    interaction_id: int
    application_id: int
    token: str
    expires_at: datetime
    locale: str


class PendingResponseStore(Protocol):
    """Every method may raise StoreError. Storing an interaction's request closes its answer in the same transaction."""

    async def note(self, opened: Collection[PendingResponse], closed: Collection[int]) -> None:
        """Write down answers that are open, but for those whose request is stored, and interactions that were told."""
        ...

    async def left_open(self) -> list[PendingResponse]:
        """The answers that are open, oldest first."""
        ...


class HeldRequests(Protocol):
    """Requests whose jobs wait for their member to be answered."""

    async def answered(self, request_id: int) -> None:
        """Record that a request's member has been answered: jobs that waited for that may start.

        Admission is to be woken after it: it may have looked at the line before, and their moment is gone.
        """
        ...
