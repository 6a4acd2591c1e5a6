"""How late interactions come: Discord takes a first answer for 3 s, counted by its own clock, which is not ours."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.clock import Clock

ANSWERED_BY_S: Final = 3.0
_REMEMBERED_S: Final = 600.0


class LatencyEstimate:
    """Tells the age of interactions whoever's clock is wrong, as far as that can be known.

    The youngest one of the last minutes is taken to have come at once: whatever seems older than that is. An age that
    is possible as it stands is believed too, since the youngest may have come late itself.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._youngest_s = self._youngest_before_s = float("inf")
        self._since_s = clock.monotonic()

    def age_s(self, created_at: datetime) -> float:
        """How many seconds ago an interaction that just came was made, at least; 0 where nothing is known."""
        seems_s = (self._clock.now() - created_at).total_seconds()
        now_s = self._clock.monotonic()
        if now_s - self._since_s > _REMEMBERED_S:
            self._youngest_before_s, self._youngest_s, self._since_s = self._youngest_s, float("inf"), now_s
        self._youngest_s = min(self._youngest_s, seems_s)
        came_late_s = seems_s - min(self._youngest_s, self._youngest_before_s)
        return max(came_late_s, seems_s if 0 <= seems_s <= ANSWERED_BY_S else 0.0)
