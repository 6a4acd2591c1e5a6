"""Whose turn it is: one loop that calls up jobs as slots become free, paced so that the event loop stays quick."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from bot.clock import Clock
from bot.domain.errors import StoreError
from bot.domain.job import Job
from bot.ops.backpressure import Backpressure
from bot.ports import JobStore
from bot.queue.gate import SubmissionGate
from bot.queue.rate_limiter import RateLimiter
from bot.queue.wakeup import Wakeup

log = logging.getLogger(__name__)

_BATCH: Final = 20
_BATCH_PAUSE_S: Final = 0.05
"""20 starts every 50 ms: 5,000 started at once stalled the event loop for over a second."""
_AFTER_TROUBLE_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0
"""It looks again after this at the latest: rows and the gate name their moments by a clock that may be set anew."""


class Admission:
    """Calls up waiting jobs by the store's rule and hands each to `start`."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        gate: SubmissionGate,
        rate_limiter: RateLimiter,
        wakeup: Wakeup,
        clock: Clock,
        owner: str,
        backpressure: Backpressure,
        start: Callable[[Job], None],
    ) -> None:
        self._jobs = jobs
        self._gate = gate
        self._rate_limiter = rate_limiter
        self._wakeup = wakeup
        self._clock = clock
        self._owner = owner
        self._backpressure = backpressure
        self._start = start
        self._looked_at = clock.now(), clock.monotonic()
        self._stopped = False

    def stop(self) -> None:
        """Call up nobody any more."""
        self._stopped = True
        self._wakeup.wake()

    async def run(self) -> None:
        """Run until stopped. Database trouble is waited out."""
        self._wakeup.wake()
        while not self._stopped:
            try:
                await self._wait_for_change()
                while not self._stopped and await self._call_up():
                    await self._clock.sleep(_BATCH_PAUSE_S)
            except StoreError:
                log.exception("admission_database_trouble")
                await self._clock.sleep(_AFTER_TROUBLE_S)
                self._wakeup.wake()

    async def _call_up(self) -> bool:
        """Start one batch; returns whether there may be more."""
        self._looked_at = self._clock.now(), self._clock.monotonic()
        allowed = self._gate.allowance(self._rate_limiter.allowance(self._looked_at[1], _BATCH))
        if not allowed:
            return False
        await self._backpressure.quiet()
        jobs = await self._jobs.admit(self._owner, most=allowed)
        if self._stopped:
            return False  # called up too late to be submitted: they wait again after the next start
        self._rate_limiter.started(self._looked_at[1], len(jobs))
        for job in jobs:
            self._gate.admitted(job.id)
            self._start(job)
        return len(jobs) == _BATCH

    async def _wait_for_change(self) -> None:
        """Wait for a wake-up, or for the moment at which something becomes possible by itself.

        What became possible since the last look counts too: a moment may pass while the database is being asked.
        """
        until = await self._next_look()
        timer = asyncio.create_task(self._sleep_until(until), name="admission-timer") if until is not None else None
        changed = asyncio.create_task(self._wakeup.wait(), name="admission-wake")
        try:
            await asyncio.wait({changed, timer} if timer else {changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            if timer:
                timer.cancel()

    async def _next_look(self) -> float | None:
        """When something becomes possible by itself, in seconds of the clock that never jumps; None: nothing does."""
        seen, counted = self._looked_at
        moments = [self._gate.probe_at, await self._jobs.next_not_before(seen)]
        now, monotonic = self._clock.now(), self._clock.monotonic()
        ahead = [monotonic + (at - now).total_seconds() for at in moments if at is not None and at > seen]
        if self._rate_limiter.next_at is not None and self._rate_limiter.next_at > counted:
            ahead.append(self._rate_limiter.next_at)
        return min([*ahead, monotonic + _LONGEST_WAIT_S]) if ahead else None

    async def _sleep_until(self, moment: float) -> None:
        """Sleep for what is left when the sleep begins: a task does not begin at once."""
        await self._clock.sleep(moment - self._clock.monotonic())
