"""A fake clock for tests: time advances when a test says so, or immediately on sleep."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


class FakeClock:
    """A Clock that does not wait. Every sleep is recorded in `slept`.

    Automatic: a sleep advances the time by its duration and returns. Manual: sleeps block until `advance`.
    """

    def __init__(self, *, automatic: bool = True) -> None:
        self.slept: list[float] = []
        self._automatic = automatic
        self._passed_s = 0.0
        self._set_by_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The fake wall-clock time."""
        return START + timedelta(seconds=self._passed_s + self._set_by_s)

    def monotonic(self) -> float:
        """The fake monotonic time, in seconds."""
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        """Advance the time immediately, or wait for `advance`."""
        self.slept.append(seconds)
        if self._automatic:
            self._passed_s += max(0.0, seconds)
            await asyncio.sleep(0)
        elif seconds <= 0:
            await asyncio.sleep(0)
        else:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._sleepers, (self._passed_s + seconds, len(self.slept), woken))
            await woken

    def shift(self, seconds: float) -> None:
        """Advance the time without waking any sleeper."""
        self._passed_s += seconds

    def set_anew(self, seconds: float) -> None:
        """Shift the wall clock by some seconds, forward or back; the monotonic time does not change."""
        self._set_by_s += seconds

    def advance(self, seconds: float) -> None:
        """Advance the time and wake every sleeper whose sleep is over."""
        self._passed_s += seconds
        while self._sleepers and self._sleepers[0][0] <= self._passed_s + 1e-9:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
