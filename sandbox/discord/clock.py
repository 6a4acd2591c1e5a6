"""The stand-in's time: the wall clock, which a test may push forward."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall time plus an offset; everything that expires (tokens, signed URLs) reads it."""

    def __init__(self) -> None:
        self._offset_s = 0.0

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time() + self._offset_s

    def advance(self, seconds: float) -> None:
        """Let time pass at once, for example to see a token or a URL expire."""
        self._offset_s += seconds


def iso(timestamp: float) -> str:
    """Discord's timestamp format: ISO 8601 in UTC with microseconds and an offset."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="microseconds")
