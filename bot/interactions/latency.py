"""Estimates the age of interactions: Discord takes a first answer for 3 s by its own clock, which can differ."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.clock import Clock

ANSWERED_BY_S: Final = 3.0
_REMEMBERED_S: Final = 600.0


class LatencyEstimate:
    """Estimates the age of interactions in spite of clock skew.

    The youngest one of the last minutes is assumed to have arrived without delay, and the others are measured against
    it. An apparent age that is plausible by itself is used too, since the youngest one may have been late as well.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._youngest_s = self._youngest_before_s = float("inf")
        self._since_s = clock.monotonic()

    def age_s(self, created_at: datetime) -> float:
        """A lower bound of the age in seconds of an interaction that just arrived; 0 if nothing is known."""
        seems_s = (self._clock.now() - created_at).total_seconds()
        now_s = self._clock.monotonic()
        if now_s - self._since_s > _REMEMBERED_S:
            self._youngest_before_s, self._youngest_s, self._since_s = self._youngest_s, float("inf"), now_s
        self._youngest_s = min(self._youngest_s, seems_s)
        came_late_s = seems_s - min(self._youngest_s, self._youngest_before_s)
        return max(came_late_s, seems_s if 0 <= seems_s <= ANSWERED_BY_S else 0.0)
