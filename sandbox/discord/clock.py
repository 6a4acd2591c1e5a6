"""The stand-in's clock: wall-clock time, which a test can advance."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall-clock time plus an offset; everything that expires (tokens, signed URLs) uses it."""

    def __init__(self) -> None:
        self._offset_s = 0.0

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time() + self._offset_s

    def advance(self, seconds: float) -> None:
        """Advance the time, for example to let a token or a URL expire."""
        self._offset_s += seconds


def iso(timestamp: float) -> str:
    """Discord's timestamp format: ISO 8601 in UTC with microseconds and an offset."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="microseconds")
