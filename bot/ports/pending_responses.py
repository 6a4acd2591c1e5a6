"""Interactions that were deferred before their order was stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingResponse:
    """A deferred interaction: its ids, its token with its expiry, and its member's locale."""

    interaction_id: int
    application_id: int
    token: str
    expires_at: datetime
    locale: str


class PendingResponseStore(Protocol):
    """Every method may raise StoreError. Storing an interaction's request removes its entry in the same transaction."""

    async def note(self, opened: Collection[PendingResponse], closed: Collection[int]) -> None:
        """Store pending responses, except those whose request is already stored, and remove the answered ones."""
        ...

    async def left_open(self) -> list[PendingResponse]:
        """The pending responses, oldest first."""
        ...


class HeldRequests(Protocol):
    """Requests whose jobs wait until their member has been answered."""

    async def answered(self, request_id: int) -> None:
        """Record that a request's member has been answered, so that its held jobs may start.

        Wake admission afterwards: it may have checked the queue before, and these jobs' start time is now in the past.
        """
        ...
