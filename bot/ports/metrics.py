"""Totals of the whole installation, for monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.job import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Totals over all servers. `failures` is counted by error code, `waits` by histogram class in seconds."""

    unsettled: Mapping[JobState, int]
    requested: int
    delivered: int
    failed: int
    cancelled: int
    uncertain: int
    balance_errors: int
    spent_microcredits: int
    failures: Mapping[str, int]
    waits: Mapping[int, int]


class FigureStore(Protocol):
    """Counts the figures."""

    def figures(self) -> Figures:
        """All figures; raises StoreError. Blocks: don't call it on the event loop's thread."""
        ...
