"""What is kept of members: counted, copied out, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.privacy import DataCounts, LeftoverFiles

Record = Mapping[str, object]
"""A row as its member may read it, ready for JSON: times in ISO 8601, related rows as lists inside it."""


class PrivacyStore(Protocol):
    """Every method may raise StoreError."""

    async def tally(self, user_id: int) -> DataCounts:
        """How much is kept of a member that can be deleted."""
        ...

    async def begin_erasure(self, user_id: int) -> Sequence[int]:
        """Note, for good, that a member wants everything deleted that they asked for up to now.

        In the same transaction their styles and drafts go, what waits is taken back for free, what is being made is
        withdrawn. Returns the requests whose message goes, because it would have changed.
        """
        ...

    async def erasing(self) -> Sequence[int]:
        """The members whose requests are not all wiped yet."""
        ...

    async def erase_some(self, user_id: int, *, after: int, most: int) -> Sequence[int]:
        """Wipe a member's next requests behind this one; returns them. Fewer than `most` are the last."""
        ...

    async def retentions(self) -> Mapping[int, int]:
        """For how many days each server keeps prompts that has set it."""
        ...

    async def wipe_older(self, before: datetime, *, guild_id: int | None = None, most: int) -> int:
        """Wipe requests made before a moment, of one server or of all places; returns how many.

        Not those that still wait for something: a decision, being collected, their message.
        """
        ...

    async def leftovers(self, before: datetime, *, most: int) -> Sequence[LeftoverFiles]:
        """Wiped requests made before a moment whose files may be removed from our disk now."""
        ...

    async def cleared(self, request_ids: Sequence[int]) -> None:
        """Note that no file of these requests is on our disk any more."""
        ...

    async def kept_beside(self, user_id: int) -> Mapping[str, Sequence[Record]]:
        """What is kept of a member beside their requests, by kind."""
        ...

    async def kept_requests(self, user_id: int, *, after: int, most: int) -> Sequence[Record]:
        """A member's requests behind this one, each with its references, pictures, their history and ledger."""
        ...


class Archive(Protocol):
    """Compressed files in the making; every method blocks, and raises StoreError where the disk refuses."""

    def add(self, name: str, data: bytes) -> int:
        """Put something in under a name; returns how many files there are by now."""
        ...

    def finished(self) -> Sequence[Path]:
        """The files, each readable by itself; nothing more can be added."""
        ...


class ArchiveFiles(Protocol):
    """Makes archives on disk for as long as they are needed."""

    def opened(self, name: str, *, limit_bytes: int) -> AbstractContextManager[Archive]:
        """An archive of one file or, where that would get larger than the limit, several. Blocks; raises StoreError."""
        ...
