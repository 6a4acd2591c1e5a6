"""What members look through: their work under way, pictures that wait to be handed over, everything they made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.job import Job, Request, RequestView
from bot.ports.stores import Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryEntry:
    """One picture of a member and the request that it was made for (its references are left out)."""

    job: Job
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPage:
    """Some of a member's pictures, newest first; `total` counts those of all pages."""

    entries: Sequence[GalleryEntry]
    total: int


class ListStore(Protocol):
    """Reading by member. Every method may raise StoreError."""

    async def unfinished(self, user_id: int) -> list[RequestView]:
        """The member's requests that still have a job under way, or one that the member has to decide about."""
        ...

    async def waiting(self, user_id: int) -> int:
        """How many of the member's jobs wait for their turn."""
        ...

    async def uncollected(self, user_id: int) -> list[RequestView]:
        """The member's requests that have a picture which could not be posted, oldest first."""
        ...

    async def gallery(self, user_id: int, *, words: str, first: int, most: int) -> GalleryPage:
        """The member's delivered pictures, newest first, whose prompt contains these words in any case."""
        ...

    async def begun(self, request_id: int, copy: Copy) -> None:
        """Remember a message that is about to show pictures of a request beside its own."""
        ...

    async def collected(self, job_id: int, copy: Copy) -> Job | None:
        """Record that a picture that was `ready` has reached its member; None where it was not `ready` any more."""
        ...

    async def reposted(self, job_id: int, copy: Copy) -> None:
        """Write into a job's history that its picture was shown once more."""
        ...
