"""Whose turn it is: one loop that calls up jobs as slots become free, paced so that the event loop stays quick."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.domain.errors import StoreError
from bot.domain.job import Job
from bot.jobs.balance import GateKeeper
from bot.ports import JobStore
from bot.pressure import Pressure

log = logging.getLogger(__name__)

_BATCH: Final = 20
_BATCH_PAUSE_S: Final = 0.05
"""20 starts every 50 ms: 5,000 started at once stalled the event loop for over a second."""
_AFTER_TROUBLE_S: Final = 1.0


class Admission:
    """Calls up waiting jobs by the store's rule and hands each to `start`."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        gate: GateKeeper,
        clock: Clock,
        owner: str,
        pressure: Pressure,
        start: Callable[[Job], None],
    ) -> None:
        self._jobs = jobs
        self._gate = gate
        self._clock = clock
        self._owner = owner
        self._pressure = pressure
        self._start = start
        self._changed = asyncio.Event()
        self._hold_until: datetime | None = None
        self._looked_at = clock.now()
        self._stopped = False

    def wake(self) -> None:
        """Look again: a job arrived, a slot became free, or the gate changed."""
        self._changed.set()

    def hold(self, seconds: float) -> None:
        """Let everybody wait: the provider asked to slow down."""
        until = self._clock.now() + timedelta(seconds=seconds)
        self._hold_until = max(until, self._hold_until or until)
        log.info("admission_held", extra={"seconds": round(seconds, 3)})

    def stop(self) -> None:
        """Call up nobody any more."""
        self._stopped = True
        self._changed.set()

    async def run(self) -> None:
        """Run until stopped. Database trouble is waited out."""
        self._changed.set()
        while not self._stopped:
            try:
                await self._wait_for_change()
                while not self._stopped and await self._call_up():
                    await self._clock.sleep(_BATCH_PAUSE_S)
            except StoreError:
                log.exception("admission_database_trouble")
                await self._clock.sleep(_AFTER_TROUBLE_S)
                self._changed.set()

    async def _call_up(self) -> bool:
        """Start one batch; returns whether there may be more."""
        self._looked_at = self._clock.now()
        if self._hold_until is not None and self._clock.now() < self._hold_until:
            return False
        allowed = self._gate.allowance(_BATCH)
        if not allowed:
            return False
        await self._pressure.quiet()
        jobs = await self._jobs.admit(self._owner, most=allowed)
        if self._stopped:
            return False  # called up too late to be submitted: they wait again after the next start
        for job in jobs:
            self._gate.admitted(job.id)
            self._start(job)
        return len(jobs) == _BATCH

    async def _wait_for_change(self) -> None:
        """Wait for a wake-up, or for the moment at which something becomes possible by itself.

        What became possible since the last look counts too: a moment may pass while the database is being asked.
        """
        seen = self._looked_at
        moments = [self._hold_until, self._gate.probe_at, await self._jobs.next_not_before(seen)]
        ahead = [moment for moment in moments if moment is not None and moment > seen]
        timer = asyncio.create_task(self._sleep_until(min(ahead)), name="admission-timer") if ahead else None
        changed = asyncio.create_task(self._changed.wait(), name="admission-wake")
        try:
            await asyncio.wait({changed, timer} if timer else {changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            if timer:
                timer.cancel()
        self._changed.clear()

    async def _sleep_until(self, moment: datetime) -> None:
        """Sleep for what is left when the sleep begins: a task does not begin at once."""
        await self._clock.sleep((moment - self._clock.now()).total_seconds())
