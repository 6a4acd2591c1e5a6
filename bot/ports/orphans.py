"""Orphans: files that a crash left on disk and that no row names or will name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class StrayStore(Protocol):
    """Tells orphaned files from files in use. Every method may raise StoreError."""

    async def stray_pictures(self, job_ids: Collection[int]) -> list[int]:
        """Which of these jobs are settled and have no picture on disk: their files are orphans.

        Ids without a job are not returned: after a restore from a backup they may belong to later jobs.
        """
        ...

    async def stray_references(self, request_ids: Collection[int]) -> list[int]:
        """Which of these requests are settled and have no copy that any row names, including rows of other requests."""
        ...
