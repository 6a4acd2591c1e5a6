"""A budget of processor time per payer, as token buckets: it refills at a steady rate and is spent by measured work."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

_PRUNED_AT: Final = 10_000
"""Above this many entries, payers with a full budget are dropped."""


@dataclass(slots=True)
class TimeBudget:
    """Token buckets in seconds. Moments are seconds of a monotonic clock."""

    capacity_s: float
    refill: float
    """Seconds of budget for each second that passes."""
    _spent: dict[Hashable, tuple[float, float]] = field(default_factory=dict)
    """By payer: the missing part of the capacity, and when it was measured."""

    def left_s(self, payer: Hashable, now_s: float) -> float:
        """What a payer may still spend; negative if the last charge exceeded the budget."""
        lacking_s, at_s = self._spent.get(payer, (0.0, now_s))
        return self.capacity_s - max(0.0, lacking_s - (now_s - at_s) * self.refill)

    def spend(self, payer: Hashable, seconds: float, now_s: float) -> None:
        """Charge a payer for time spent; the cost is known only afterwards."""
        lacking_s = self.capacity_s - self.left_s(payer, now_s)
        self._spent[payer] = (lacking_s + seconds, now_s)
        if len(self._spent) > _PRUNED_AT:
            self._spent = {
                who: spent for who, spent in self._spent.items() if self.left_s(who, now_s) < self.capacity_s
            }
