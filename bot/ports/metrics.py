"""The installation in numbers, for whoever watches over it from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.job import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Totals of all servers together. `failures` are counted by error code, `waits` by their class in seconds."""

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
    """Where they are counted."""

    def figures(self) -> Figures:
        """All of them; raises StoreError. Blocks: not for the event loop's thread."""
        ...
