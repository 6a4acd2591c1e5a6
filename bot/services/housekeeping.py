"""What is forgotten in time: expired interaction tokens, old prompts, pictures long delivered, their references."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.ops.clock_jump import ClockJumpGuard
from bot.ops.skip_errors import Count, skipping, uncounted
from bot.ports import JobStore, PictureFiles, ReferenceFiles, RequestStore
from bot.ports.drafts import DraftStore
from bot.services.orphans import OrphanSweep
from bot.services.retention import Retention

log = logging.getLogger(__name__)

_EVERY_S: Final = 60.0
_STRAYS_EVERY_S: Final = 86_400.0
_AT_ONCE: Final = 500
_ASKED: Final = timedelta(days=1)
"""How long an order may be agreed to that asks first; the addresses of its pictures live no longer."""


class Housekeeping:
    """Sweeps once a minute. Pictures that could not be shown (`ready`) are kept until they are."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        drafts: DraftStore,
        jobs: JobStore,
        files: PictureFiles,
        copies: ReferenceFiles,
        retention: Retention,
        orphans: OrphanSweep,
        clock: Clock,
        keep: timedelta,
        count: Count = uncounted,
    ) -> None:
        self._requests = requests
        self._drafts = drafts
        self._jobs = jobs
        self._files = files
        self._copies = copies
        self._retention = retention
        self._orphans = orphans
        self._strays_due = 0.0
        self._clock = clock
        self._keep = keep
        self._count = count
        self._clock_jump = ClockJumpGuard(clock)

    async def run(self) -> None:
        """Sweep for ever; whatever goes wrong is left to the next time."""
        while True:
            try:
                await self.sweep()
            except Exception:
                log.exception("sweep_failed")
                self._count("housekeeping")
            await self._clock.sleep(_EVERY_S)

    async def sweep(self) -> int:
        """Forget what is due; returns how many pictures and sets of references were deleted from our disk.

        After the clock was set anew nothing is deleted by its age for an hour: a mistake of a clock can be put right.
        """
        by_age = self._clock_jump.trusted()
        with skipping("forgetting", self._count):
            await self._retention.sweep(by_age=by_age)
        with skipping("strays", self._count):
            await self._sweep_strays()
        if not by_age:
            return 0
        await self._requests.wipe_expired_tokens()
        await self._drafts.forget(self._clock.now() - _ASKED)
        before = self._clock.now() - self._keep
        return await self._sweep_pictures(before) + await self._sweep_references(before)

    async def _sweep_strays(self) -> None:
        """After a start, since it may follow a crash, and then once a day."""
        now = self._clock.monotonic()
        if now >= self._strays_due:
            await self._orphans.sweep()
            self._strays_due = now + _STRAYS_EVERY_S

    async def _sweep_pictures(self, before: datetime) -> int:
        due = await self._jobs.finished_files(before, most=_AT_ONCE)
        gone = []
        for job_id in due:
            with skipping("pictures", self._count, job_id=job_id):
                await self._files.retire(job_id)
                gone.append(job_id)
        if gone:
            # The row is updated last: a crash in between only deletes nothing a second time.
            await self._jobs.files_removed(gone)
            log.info("pictures_swept", extra={"count": len(gone)})
        return len(gone)

    async def _sweep_references(self, before: datetime) -> int:
        due = await self._requests.finished_references(before, most=_AT_ONCE)
        gone = []
        for request_id in due:
            with skipping("references", self._count, request_id=request_id):
                await self._copies.remove(request_id)
                gone.append(request_id)
        if gone:
            await self._requests.references_removed(gone)
            log.info("references_swept", extra={"count": len(gone)})
        return len(gone)
