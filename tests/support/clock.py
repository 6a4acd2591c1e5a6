"""Time for tests: it passes when a test says so, or at once for whoever sleeps."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


class FakeClock:
    """A Clock without waiting. Every sleep is recorded in `slept`.

    Automatic: a sleeper moves the time on to its own end and goes on. By hand: sleepers wait for `advance`.
    """

    def __init__(self, *, automatic: bool = True) -> None:
        self.slept: list[float] = []
        self._automatic = automatic
        self._passed_s = 0.0
        self._set_by_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The made-up time."""
        return START + timedelta(seconds=self._passed_s + self._set_by_s)

    def monotonic(self) -> float:
        """Made-up seconds."""
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once, or wait for `advance`."""
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
        """Let time pass without waking anybody."""
        self._passed_s += seconds

    def set_anew(self, seconds: float) -> None:
        """Set the wall clock by so much, forward or back; no time passes."""
        self._set_by_s += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass and wake everybody whose sleep is over."""
        self._passed_s += seconds
        while self._sleepers and self._sleepers[0][0] <= self._passed_s + 1e-9:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
