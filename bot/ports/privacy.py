"""A member's stored data: counting, exporting and deleting it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.privacy import DataCounts, LeftoverFiles

Record = Mapping[str, object]
"""A row as its member may read it, ready for JSON: times in ISO 8601, related rows as nested lists."""


class PrivacyStore(Protocol):
    """Every method may raise StoreError."""

    async def tally(self, user_id: int) -> DataCounts:
        """Count what is stored about a member and can be deleted."""
        ...

    async def begin_erasure(self, user_id: int) -> Sequence[int]:
        """Record permanently that a member wants everything deleted that they asked for so far.

        In the same transaction: deletes their styles and drafts, cancels waiting jobs for free, withdraws running ones.
        Returns the requests whose messages must be removed because they would have changed.
        """
        ...

    async def erasing(self) -> Sequence[int]:
        """The members whose requests are not all wiped yet."""
        ...

    async def erase_some(self, user_id: int, *, after: int, most: int) -> Sequence[int]:
        """Wipe the member's next requests after this id; returns them. Fewer than `most` means no more are left."""
        ...

    async def retentions(self) -> Mapping[int, int]:
        """The prompt retention in days of each server that has set one."""
        ...

    async def wipe_older(self, before: datetime, *, guild_id: int | None = None, most: int) -> int:
        """Wipe requests made before a moment, of one server or of all; returns how many.

        Skips requests that still wait for a decision, for collection, or for their message.
        """
        ...

    async def leftovers(self, before: datetime, *, most: int) -> Sequence[LeftoverFiles]:
        """Wiped requests made before a moment whose files may be deleted now."""
        ...

    async def cleared(self, request_ids: Sequence[int]) -> None:
        """Record that no file of these requests is on disk any more."""
        ...

    async def kept_beside(self, user_id: int) -> Mapping[str, Sequence[Record]]:
        """What is stored about a member besides their requests, by kind."""
        ...

    async def kept_requests(self, user_id: int, *, after: int, most: int) -> Sequence[Record]:
        """A member's requests after this id, each with its references, pictures, their history and ledger."""
        ...


class Archive(Protocol):
    """Builds compressed files; every method blocks and raises StoreError if the disk fails."""

    def add(self, name: str, data: bytes) -> int:
        """Add an entry under a name; returns the number of files so far."""
        ...

    def finished(self) -> Sequence[Path]:
        """The files, each readable by itself; nothing can be added afterwards."""
        ...


class ArchiveFiles(Protocol):
    """Makes temporary archives on disk."""

    def opened(self, name: str, *, limit_bytes: int) -> AbstractContextManager[Archive]:
        """An archive of one file, or of several if one would exceed the limit. Blocks; raises StoreError."""
        ...
