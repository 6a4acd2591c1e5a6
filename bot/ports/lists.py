"""Lists that members browse: requests in progress, pictures that could not be posted, and their gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.job import Job, Request, RequestView
from bot.ports.stores import Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryEntry:
    """One picture of a member with its request (without the request's references)."""

    job: Job
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPage:
    """One page of a member's pictures, newest first; `total` counts all pages."""

    entries: Sequence[GalleryEntry]
    total: int


class ListStore(Protocol):
    """Queries by member. Every method may raise StoreError."""

    async def unfinished(self, user_id: int) -> list[RequestView]:
        """The member's requests with an unfinished job, or with one that waits for the member's decision."""
        ...

    async def waiting(self, user_id: int) -> int:
        """How many of the member's jobs are queued."""
        ...

    async def uncollected(self, user_id: int) -> list[RequestView]:
        """The member's requests with a picture that could not be posted, oldest first."""
        ...

    async def gallery(self, user_id: int, *, words: str, first: int, most: int) -> GalleryPage:
        """The member's delivered pictures, newest first, whose prompt contains these words (case-insensitive)."""
        ...

    async def begun(self, request_id: int, copy: Copy) -> None:
        """Store a message that is about to show pictures of a request in addition to the request's own message."""
        ...

    async def collected(self, job_id: int, copy: Copy) -> Job | None:
        """Record that a `ready` picture has reached its member; None if it was no longer `ready`."""
        ...

    async def reposted(self, job_id: int, copy: Copy) -> None:
        """Append to a job's history that its picture was shown again."""
        ...
