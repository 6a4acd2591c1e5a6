"""How fast orders are sent: as fast as they come, until the provider asks to slow down (HTTP 429)."""

from __future__ import annotations

import random
from collections import deque
from typing import Final

from bot.domain.schedule import backoff_s

_FIRST_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 60.0
_LONGEST_ASKED_S: Final = 3_600.0
"""A provider that asks for more is asked again after an hour: that costs nothing but another refusal."""
_MEASURED_S: Final = 10.0
_SLOWEST_PER_S: Final = 0.2
_FREE_PER_S: Final = 50.0
"""From here on there is no limit any more."""
_RISE_PER_S: Final = 0.2
_ROUNDING: Final = 1e-4
"""Who sleeps until a moment wakes a little before it, or counts so: what is due then must count as due."""


class RateLimiter:
    """Additive increase, multiplicative decrease, as networks do it.

    A refusal lets everybody wait for a moment and halves the rate; each order that is taken raises it a little. The
    refusals of one burst count once: what was sent before the first of them came back tells nothing new.
    Moments are seconds of a clock that never jumps.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._per_s: float | None = None
        self._held_until: float | None = None
        self._refusals = 0
        self._started: deque[float] = deque()
        self._due = 1.0
        self._counted_at: float | None = None

    @property
    def per_s(self) -> float | None:
        """How many orders are sent in a second, at most; None without a limit."""
        return self._per_s

    def hold(self, now: float, seconds: float) -> None:
        """Send nothing for so long."""
        until = now + seconds
        self._held_until = max(until, self._held_until or until)

    def refused(self, now: float, asked_s: float | None) -> None:
        """Slow down. `asked_s` is how long the provider wants to be left alone, if it says so."""
        if self._held_until is None or now >= self._held_until:
            self._refusals += 1
            usual_s = backoff_s(self._refusals, base_s=_FIRST_WAIT_S, cap_s=_LONGEST_WAIT_S, rng=self._rng)
            self._per_s = max(_SLOWEST_PER_S, (self._per_s or self._measured(now)) / 2)
            self._due = 1.0
            self.hold(now, usual_s)
        self.hold(now, min(asked_s or 0.0, _LONGEST_ASKED_S))

    def accepted(self) -> None:
        """Take note that an order was taken: a little faster from now on."""
        self._refusals = 0
        if self._per_s is not None:
            faster = self._per_s + _RISE_PER_S / max(1.0, self._per_s)
            self._per_s = faster if faster < _FREE_PER_S else None

    def allowance(self, now: float, most: int) -> int:
        """How many orders may be sent now, of at most `most`."""
        if self._held_until is not None and now < self._held_until:
            return 0
        if self._per_s is None:
            return most
        since_s = 0.0 if self._counted_at is None else now - self._counted_at
        self._due = min(max(1.0, self._per_s), self._due + max(0.0, since_s) * self._per_s)
        self._counted_at = now
        return min(most, int(self._due + _ROUNDING))

    def started(self, now: float, count: int) -> None:
        """Take note of orders that are being sent."""
        self._started.extend([now] * count)
        while self._started and now - self._started[0] > _MEASURED_S:
            self._started.popleft()
        self._due -= count if self._per_s is not None else 0

    @property
    def next_at(self) -> float | None:
        """When more may be sent than at the last look; None where waiting for that is of no use."""
        if self._per_s is None or self._counted_at is None or self._due + _ROUNDING >= 1:
            return self._held_until
        due_at = self._counted_at + (1 - self._due) / self._per_s
        return due_at if self._held_until is None else max(due_at, self._held_until)

    def _measured(self, now: float) -> float:
        """How many orders were sent in a second of late."""
        recent = sum(now - started <= _MEASURED_S for started in self._started)
        return recent / _MEASURED_S
