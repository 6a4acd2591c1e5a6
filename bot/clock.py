"""Time, injected. This is the only file that asks the machine what time it is or sleeps."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the services may know of time."""

    def now(self) -> datetime:
        """The wall-clock time, UTC and aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for measuring."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; a negative number of seconds is none."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall-clock time, UTC and aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump, for measuring."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; a negative number of seconds is none."""
        await asyncio.sleep(max(0.0, seconds))
