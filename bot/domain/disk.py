"""How much room the disk has to have: a rule over what was seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1_000_000
_ROOMY: Final = 1.25
"""What was short once has to be so much more than enough: else every deleted picture would open and shut the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskState:
    """What was seen of a disk; `trouble` says why it cannot be written, or is ""."""

    free_bytes: int
    trouble: str = ""


SILENT: Final = DiskState(free_bytes=0, trouble="it does not answer")
"""A disk that says nothing at all is as good as full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskRule:
    """`least_bytes` have to be free for anything new to be ordered: room for what is under way, and for the database.

    0 leaves the room to whoever looks after the disk; that it can be written counts all the same.
    """

    least_bytes: int

    def shortage(self, seen: DiskState, *, already: bool) -> str:
        """What the disk lacks for new orders, or ""; `already`: at the last look it lacked something."""
        if seen.trouble:
            return f"DATA_DIR cannot be written: {seen.trouble}"
        enough = self.least_bytes * (_ROOMY if already else 1)
        if seen.free_bytes >= enough:
            return ""
        return (
            f"{seen.free_bytes / MEGABYTE:,.0f} MB are left for DATA_DIR, and MIN_FREE_MB wants "
            f"{self.least_bytes / MEGABYTE:,.0f}"
        )

    def too_little_for_a_picture(self, seen: DiskState) -> bool:
        """Whether even pictures under way have to wait: the last half belongs to the database, which records them."""
        return bool(seen.trouble) or seen.free_bytes < self.least_bytes / 2
