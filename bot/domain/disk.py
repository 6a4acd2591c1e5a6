"""How much free disk space is required: a rule over one measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1_000_000
_ROOMY: Final = 1.25
"""Hysteresis: after a shortage this multiple of the minimum must be free, so that deletions don't toggle the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskState:
    """A measurement of a disk; `trouble` says why it can't be written to, or is ""."""

    free_bytes: int
    trouble: str = ""


SILENT: Final = DiskState(free_bytes=0, trouble="it does not answer")
"""A disk that doesn't answer counts as full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskRule:
    """`least_bytes` must be free to accept new orders: space for jobs in progress and for the database.

    With 0 only writability is checked.
    """

    least_bytes: int

    def shortage(self, seen: DiskState, *, already: bool) -> str:
        """What the disk lacks for new orders, or ""; `already`: the last measurement showed a shortage."""
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
        """Whether jobs in progress must wait too: the last half is reserved for the database, which records them."""
        return bool(seen.trouble) or seen.free_bytes < self.least_bytes / 2
