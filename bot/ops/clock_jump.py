"""Whether the clock can be trusted with what is deleted by its age."""

from __future__ import annotations

import logging
from typing import Final

from bot.clock import Clock

log = logging.getLogger(__name__)

_JUMP_S: Final = 60.0
"""What a clock is corrected by in a minute without being set anew is far less."""
_SETTLING_S: Final = 3_600.0
"""So long somebody has to notice, and to set it right again."""


class ClockJumpGuard:
    """Compares the clock that can be set with the one that cannot, whenever it is asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_s = self._apart_s()
        self._trusted_at = 0.0

    def trusted(self) -> bool:
        """Whether the clock has not been set anew within the last hour, as far as this process knows."""
        apart_s = self._apart_s()
        jumped_s, self._offset_s = apart_s - self._offset_s, apart_s
        if abs(jumped_s) > _JUMP_S:
            log.warning("clock_set_anew", extra={"seconds": round(jumped_s)})
            self._trusted_at = self._clock.monotonic() + _SETTLING_S
        return self._clock.monotonic() >= self._trusted_at

    def _apart_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
