"""When to ask again: polling, back-off, and how long a picture takes. Pure functions of numbers."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from bot.domain.picture import Resolution

LATE_POLL_S: Final = 60.0
"""After the job timeout the provider is asked this often, because only an observed failure is refunded."""
LATE_POLLS_TIMES: Final = 3
"""How many job timeouts a task may take before it is given up: an hour with the default of 20 minutes."""
CROWD_POLLED: Final = 250
"""Beyond so many tasks at once each is asked after less often: 60 polls a second are enough for anybody's server."""

# Seconds from submit to picture before anything was learned; close to what the vendor's users see.
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
        """The age at which a task that never ends is given up."""
        return self.timeout_s * LATE_POLLS_TIMES


def next_poll_s(polling: Polling, age_s: float, rng: random.Random, *, polled: int = 1) -> float:
    """Seconds until the next poll of a task of this age: every 3-5 s with jitter, once a minute after the timeout.

    `polled` is how many tasks are followed at this time: many of them share the polls of `CROWD_POLLED`.
    """
    every_s = polling.every_s * max(1.0, polled / CROWD_POLLED)
    if age_s >= polling.timeout_s:
        return max(LATE_POLL_S, every_s)
    return every_s * rng.uniform(0.75, 1.25)


def backoff_s(failures: int, *, base_s: float, cap_s: float, rng: random.Random) -> float:
    """Exponential back-off with jitter: 1 failure gives about `base_s`, never more than `cap_s`."""
    doubled_s = base_s * 2.0 ** min(failures - 1, 30)
    return min(cap_s, doubled_s) * rng.uniform(0.8, 1.0)


class Durations:
    """How long recent pictures took at the provider, by resolution; the source of ETAs and first polls."""

    def __init__(self, polling: Polling, *, kept: int = 50) -> None:
        self._polling = polling
        self._recent: dict[Resolution, deque[float]] = {r: deque(maxlen=kept) for r in Resolution}

    def learn(self, resolution: Resolution, seconds: Iterable[float]) -> None:
        """Take in durations in seconds, oldest first; those that a clock set anew has made up are left out."""
        self._recent[resolution].extend(taken_s for taken_s in seconds if 0 < taken_s <= self._polling.give_up_s)

    def expected_s(self, resolution: Resolution) -> float:
        """The median of recent pictures of this resolution, or a first guess."""
        recent = self._recent[resolution]
        return median(recent) if recent else max(_FIRST_GUESS_S[resolution] * self._scale, self._polling.first_s)

    def first_poll_s(self, resolution: Resolution) -> float:
        """When to poll first: a little before the picture is expected, within 10/12 to 20/12 of the configured wait."""
        first_s = self._polling.first_s
        recent = self._recent[resolution]
        if len(recent) < 3:
            return first_s
        return min(max(min(recent), first_s * 10 / 12), first_s * 20 / 12)

    @property
    def _scale(self) -> float:
        """A provider that is polled sooner than the guide says is a quicker one."""
        return min(1.0, self._polling.first_s / 12.0)
