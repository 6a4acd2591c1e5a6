"""When to retry and poll, and how long a picture takes. Pure functions of numbers."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from bot.domain.picture import Resolution

LATE_POLL_S: Final = 60.0
"""The poll interval after the job timeout; polling continues because only an observed failure is refunded."""
LATE_POLLS_TIMES: Final = 3
"""A task is given up after this many job timeouts: an hour with the default of 20 minutes."""
CROWD_POLLED: Final = 250
"""Above this many concurrent tasks each is polled less often, to stay under 60 polls a second."""

# Initial estimates of seconds from submit to picture; close to what the vendor's users report.
_FIRST_GUESS_S: Final = {
    Resolution.HALF_K: 20.0,
    Resolution.ONE_K: 25.0,
    Resolution.TWO_K: 40.0,
    Resolution.FOUR_K: 75.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How a task is polled, in seconds."""

    first_s: float = 12.0
    every_s: float = 4.0
    timeout_s: float = 1_200.0

    @property
    def give_up_s(self) -> float:
        """The age at which an unfinished task is given up."""
        return self.timeout_s * LATE_POLLS_TIMES


def next_poll_s(polling: Polling, age_s: float, rng: random.Random, *, polled: int = 1) -> float:
    """Seconds until the next poll of a task of this age: every 3-5 s with jitter, once a minute after the timeout.

    `polled` is how many tasks are being polled; many of them share the poll rate of `CROWD_POLLED`.
    """
    every_s = polling.every_s * max(1.0, polled / CROWD_POLLED)
    if age_s >= polling.timeout_s:
        return max(LATE_POLL_S, every_s)
    return every_s * rng.uniform(0.75, 1.25)


def backoff_s(failures: int, *, base_s: float, cap_s: float, rng: random.Random) -> float:
    """Exponential back-off with jitter: about `base_s` after 1 failure, never more than `cap_s`."""
    doubled_s = base_s * 2.0 ** min(failures - 1, 30)
    return min(cap_s, doubled_s) * rng.uniform(0.8, 1.0)


class Durations:
    """Durations of recent pictures at the provider, by resolution; the source of ETAs and first polls."""

    def __init__(self, polling: Polling, *, kept: int = 50) -> None:
        self._polling = polling
        self._recent: dict[Resolution, deque[float]] = {r: deque(maxlen=kept) for r in Resolution}

    def learn(self, resolution: Resolution, seconds: Iterable[float]) -> None:
        """Add durations in seconds, oldest first; implausible ones caused by a changed clock are skipped."""
        self._recent[resolution].extend(taken_s for taken_s in seconds if 0 < taken_s <= self._polling.give_up_s)

    def expected_s(self, resolution: Resolution) -> float:
        """The median of recent pictures of this resolution, or the initial estimate."""
        recent = self._recent[resolution]
        return median(recent) if recent else max(_FIRST_GUESS_S[resolution] * self._scale, self._polling.first_s)

    def first_poll_s(self, resolution: Resolution) -> float:
        """When to poll first: shortly before the picture is expected, within 10/12 to 20/12 of the configured wait."""
        first_s = self._polling.first_s
        recent = self._recent[resolution]
        if len(recent) < 3:
            return first_s
        return min(max(min(recent), first_s * 10 / 12), first_s * 20 / 12)

    @property
    def _scale(self) -> float:
        """A first poll configured to be sooner than the guide's implies a faster provider; scales the estimates."""
        return min(1.0, self._polling.first_s / 12.0)
