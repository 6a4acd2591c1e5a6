"""From an accepted task to a verified picture on disk: poll, download at once, verify, record."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from bot.clock import Clock
from bot.domain.errors import (
    ContentRefusedError,
    Cost,
    PictureError,
    ProviderError,
    StoreError,
    TaskFailedError,
    TaskTimeoutError,
    TaskUnknownError,
)
from bot.domain.job import Job
from bot.domain.picture import PictureInfo
from bot.domain.schedule import Durations, Polling, backoff_s, next_poll_s
from bot.ops.backpressure import Backpressure
from bot.ports import ImageProvider, JobStore, PictureFiles, PictureSource, RequestStore, TaskState, TaskStatus
from bot.queue.retry import StoreRetry

log = logging.getLogger(__name__)

_LONGEST_PAUSE_S: Final = 60.0
_BAD_DOWNLOADS: Final = 3
"""So many times an unusable or vanished result is asked for again; the poll may bring a fresh URL."""
_UNKNOWN_ANSWERS: Final = 5
"""So many times in a row the provider may say that it does not know the task, before it is believed."""

_NO_ANSWER: Final = TaskStatus(state=TaskState.RUNNING)


class Poller:
    """Brings running jobs to `fetched` or `failed`."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        requests: RequestStore,
        provider: ImageProvider,
        files: PictureFiles,
        durations: Durations,
        polling: Polling,
        clock: Clock,
        rng: random.Random,
        backpressure: Backpressure,
        room_for_a_picture: Callable[[], Awaitable[None]],
        downloads_at_once: int = 8,
    ) -> None:
        self._jobs = jobs
        self._requests = requests
        self._provider = provider
        self._files = files
        self._durations = durations
        self._polling = polling
        self._clock = clock
        self._rng = rng
        self._backpressure = backpressure
        self._room_for_a_picture = room_for_a_picture
        self._insist = StoreRetry(clock, rng)
        self._downloads = asyncio.Semaphore(downloads_at_once)
        self._followed = 0

    async def keep(self, job_id: int, source: PictureSource) -> None:
        """Put bytes that the submit call itself answered with on disk; unusable ones are reported by `fetch`."""
        try:
            await self._insist(lambda: self._download(job_id, source, at_any_cost=True))
        except Exception as error:  # whatever it is, that the order was taken is recorded next
            foreseen = isinstance(error, ProviderError | PictureError)
            log.warning(
                "job_answer_unusable",
                extra={"job_id": job_id, "error": type(error).__name__},
                exc_info=None if foreseen else error,
            )

    async def fetch(self, job: Job) -> None:
        """Follow a running job to its end."""
        self._followed += 1
        try:
            await self._follow(job)
        finally:
            self._followed -= 1

    async def _follow(self, job: Job) -> None:
        since = self._since(job)
        if await self._take_from_disk(job):
            return
        if job.task_id is None:
            await self._fetch_from(job, PictureSource(url=job.result_url) if job.result_url else None, since)
            return
        view = await self._insist(lambda: self._requests.view(job.request_id))
        resolution = view.request.spec.resolution
        await self._clock.sleep(self._durations.first_poll_s(resolution) - self._age_s(since))
        await self._poll_to_the_end(job, job.task_id, since)
        ended = await self._insist(lambda: self._jobs.job(job.id))
        if ended.fetched_at and ended.submitted_at:
            self._durations.learn(resolution, [(ended.fetched_at - ended.submitted_at).total_seconds()])

    async def _poll_to_the_end(self, job: Job, task_id: str, since: float) -> None:
        troubles = unknown = bad = 0
        # Found after a long stop, a task is asked about for a while yet, however old it is.
        until_s = max(self._polling.give_up_s, self._age_s(since) + self._polling.timeout_s)
        while self._age_s(since) < until_s:
            try:
                await self._backpressure.quiet()
                status = await self._provider.poll(task_id)
                unknown = 0
                if status.state is TaskState.RUNNING:
                    troubles = 0  # not for a finished task: fetching it may be what goes wrong, and is backed off
                if status.state is TaskState.FAILED:
                    await self._failed(job, _task_error(status), Cost.NOTHING)
                    return
                if status.state is TaskState.SUCCEEDED and await self._take(job, status.source, status):
                    return
            except PictureError as error:
                bad += 1
                if bad >= _BAD_DOWNLOADS:
                    await self._failed(job, error, Cost.CHARGED)
                    return
            except TaskUnknownError as error:
                unknown += 1
                if unknown >= _UNKNOWN_ANSWERS:
                    await self._failed(job, error, Cost.POSSIBLY)
                    return
            except (ProviderError, StoreError, OSError) as error:
                # A paid picture is asked for again through any trouble: network, provider, disk, database.
                troubles += 1
                log.warning("poll_trouble", extra={"job_id": job.id, "error": type(error).__name__})
                until_s = self._later(until_s, since, error)
            status = _NO_ANSWER  # a picture inside the last one would take up room on disk while this waits for room
            await self._clock.sleep(self._pause_s(since, troubles))
        await self._failed(job, TaskTimeoutError("the provider never finished the task"), Cost.POSSIBLY)

    async def _fetch_from(self, job: Job, source: PictureSource | None, since: float) -> None:
        """Fetch a picture that has no task to poll, only an address."""
        bad = troubles = 0
        until_s = self._age_s(since) + self._polling.timeout_s
        while source is not None and self._age_s(since) < until_s:
            try:
                await self._take(job, source)
                return
            except PictureError:
                bad += 1
                if bad >= _BAD_DOWNLOADS:
                    break
            except (ProviderError, StoreError, OSError) as error:
                troubles += 1
                log.warning("fetch_trouble", extra={"job_id": job.id, "error": type(error).__name__})
                until_s = self._later(until_s, since, error)
            await self._clock.sleep(self._pause_s(since, troubles))
        gone = PictureError("result_gone", "the provider's picture could not be fetched")
        await self._failed(job, gone, Cost.CHARGED)

    async def _take(self, job: Job, source: PictureSource | None, status: TaskStatus | None = None) -> bool:
        """Download a finished picture and record it; raises whatever keeps it from that."""
        if source is None:
            raise PictureError("result_gone", "the provider names no picture for the finished task")
        path, picture = await self._download(job.id, source)
        await self._record(job, path, picture, status)
        return True

    async def _download(
        self, job_id: int, source: PictureSource, *, at_any_cost: bool = False
    ) -> tuple[Path, PictureInfo]:
        async with self._downloads:
            if not at_any_cost:
                await self._room_for_a_picture()
            await self._provider.download(source, self._files.incoming(job_id))
            return await self._files.admit(job_id)

    async def _take_from_disk(self, job: Job) -> bool:
        """Go on with a picture that an earlier process fetched without coming to record it."""
        found = await self._files.find(job.id)
        if found is None:
            return False
        await self._record(job, *found)
        return True

    async def _record(self, job: Job, path: Path, picture: PictureInfo, status: TaskStatus | None = None) -> None:
        await self._insist(lambda: self._jobs.fetched(job.id, path.name, picture, status))
        log.info("job_fetched", extra={"job_id": job.id, "size_bytes": picture.size_bytes})

    async def _failed(self, job: Job, error: ProviderError | PictureError, cost: Cost) -> None:
        log.warning("job_failed", extra={"job_id": job.id, "code": error.code, "cost": cost.value})
        if await self._insist(lambda: self._jobs.failed(job.id, error, cost)) is None:
            return
        try:
            await self._files.remove(job.id)  # a download may have broken off
        except OSError:
            log.exception("file_not_removed", extra={"job_id": job.id})

    def _later(self, until_s: float, since: float, error: Exception) -> float:
        """The age at which a task is given up after this trouble: ours costs nobody a picture that is paid for."""
        ours = isinstance(error, StoreError | OSError)
        return max(until_s, self._age_s(since) + self._polling.timeout_s) if ours else until_s

    def _pause_s(self, since: float, troubles: int) -> float:
        usual_s = next_poll_s(self._polling, self._age_s(since), self._rng, polled=self._followed)
        if not troubles:
            return usual_s
        return max(usual_s, backoff_s(troubles, base_s=usual_s, cap_s=_LONGEST_PAUSE_S, rng=self._rng))

    def _since(self, job: Job) -> float:
        """When a task began, by the clock that does not jump; the row knows it by the other one alone."""
        age_s = (self._clock.now() - (job.submitted_at or job.created_at)).total_seconds()
        return self._clock.monotonic() - max(0.0, age_s)

    def _age_s(self, since: float) -> float:
        return self._clock.monotonic() - since


def _task_error(status: TaskStatus) -> ProviderError:
    text = status.error or "the provider gives no reason"
    kind = ContentRefusedError if status.content_refused else TaskFailedError
    return kind(text, provider_code=status.error_code)
