"""Detects changes of the system clock, so that data is not deleted by age after one."""

from __future__ import annotations

import logging
from typing import Final

from bot.clock import Clock

log = logging.getLogger(__name__)

_JUMP_S: Final = 60.0
"""Normal clock corrections within a minute are far smaller than this."""
_SETTLING_S: Final = 3_600.0
"""Time for an operator to notice and correct the clock."""


class ClockJumpGuard:
    """Compares the wall clock with the monotonic clock on every call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_s = self._apart_s()
        self._trusted_at = 0.0

    def trusted(self) -> bool:
        """Whether no clock jump was seen within the last hour, as far as this process knows."""
        apart_s = self._apart_s()
        jumped_s, self._offset_s = apart_s - self._offset_s, apart_s
        if abs(jumped_s) > _JUMP_S:
            log.warning("clock_set_anew", extra={"seconds": round(jumped_s)})
            self._trusted_at = self._clock.monotonic() + _SETTLING_S
        return self._clock.monotonic() >= self._trusted_at

    def _apart_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
