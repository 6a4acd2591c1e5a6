"""Files that a crash left behind: no row names them, and no row will."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class StrayStore(Protocol):
    """Tells files that are somebody's from strays. Every method may raise StoreError."""

    async def stray_pictures(self, job_ids: Collection[int]) -> list[int]:
        """Which of these jobs are settled without a picture on our disk: a file of theirs is nobody's.

        Numbers that no job has are not among them: they may be a later life's, should a backup have been restored.
        """
        ...

    async def stray_references(self, request_ids: Collection[int]) -> list[int]:
        """Which of these requests are settled, with no copy that any row names, be it another request's."""
        ...
