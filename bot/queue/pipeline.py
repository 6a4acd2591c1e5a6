"""One job's course, re-entrant: it goes on from whatever step is recorded.

queued -> submitting -> running -> fetched; then the courier shows it. Each step is recorded before the next one begins.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

from bot.clock import Clock
from bot.domain.errors import (
    BadReferenceError,
    BadRequestError,
    BotError,
    Cost,
    OutcomeUnknownError,
    PlatformError,
    ProviderError,
)
from bot.domain.job import Job, JobState, Request
from bot.domain.schedule import Durations, backoff_s
from bot.ops.skip_errors import Count, skipping, uncounted
from bot.ports import ImageProvider, JobStore, PictureFiles, Presenter, RequestStore, Submission
from bot.queue.error_policy import AfterSubmit, after_submit
from bot.queue.gate import SubmissionGate
from bot.queue.polling import Poller
from bot.queue.rate_limiter import RateLimiter
from bot.queue.reference_transport import ReferenceTransport, TransportMode
from bot.queue.retry import StoreRetry
from bot.queue.wakeup import Wakeup
from bot.tasks import TaskGroup

log = logging.getLogger(__name__)

_RETRY_S: Final = 2.0
_LONGEST_RETRY_S: Final = 60.0
_AFTER_A_BUG_S: Final = 30.0
_LONGEST_AFTER_A_BUG_S: Final = 600.0
_MOST_BUGS: Final = 5
"""So many errors that nobody foresaw end a job, counted across restarts; the pauses between them come to 8 minutes."""


class Pipeline:
    """Takes jobs from their place in line to a verified picture on disk."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        requests: RequestStore,
        provider: ImageProvider,
        files: PictureFiles,
        poller: Poller,
        reference_transport: ReferenceTransport,
        gate: SubmissionGate,
        rate_limiter: RateLimiter,
        wakeup: Wakeup,
        presenter: Presenter,
        durations: Durations,
        clock: Clock,
        rng: random.Random,
        owner: str,
        count: Count = uncounted,
    ) -> None:
        self._jobs = jobs
        self._requests = requests
        self._provider = provider
        self._files = files
        self._poller = poller
        self._reference_transport = reference_transport
        self._gate = gate
        self._rate_limiter = rate_limiter
        self._wakeup = wakeup
        self._presenter = presenter
        self._durations = durations
        self._clock = clock
        self._rng = rng
        self._owner = owner
        self._count = count
        self._insist = StoreRetry(clock, rng)
        self._submits = TaskGroup()
        self._waits = TaskGroup()

    def start(self, job: Job) -> None:
        """Go on with a job in the background, from its recorded step."""
        if job.state is JobState.QUEUED:
            self._submits.start(self._guarded(job, self._submit), name=f"submit-{job.id}")
        else:
            self._waits.start(self._guarded(job, self._finish), name=f"fetch-{job.id}")

    async def recover(self) -> None:
        """Take over what an earlier process left at work: nothing is submitted a second time.

        Takes as long as the database is in trouble: a disk that is full is no reason to stay away.
        """
        for job in await self._insist(lambda: self._jobs.adopt(self._owner)):
            log.info("job_recovered", extra={"job_id": job.id, "state": job.state.value})
            with skipping("recovery", self._count, job_id=job.id):
                await self._recover(job)
                continue
            self._waits.start(self._guarded(job, self._recover), name=f"recover-{job.id}")

    async def close(self, *, grace_s: float) -> None:
        """Stop: polls are released at once, submits under way get time to record their answer."""
        await self._waits.close()
        await self._submits.drain(grace_s)
        await self._submits.close()
        await self._waits.close()

    async def _recover(self, job: Job) -> None:
        if job.state is JobState.SUBMITTING:
            await self._recover_submitting(job)
        elif job.state is JobState.RUNNING:
            self.start(job)
        elif job.state is JobState.FETCHED:
            await self._recover_fetched(job)

    async def _recover_submitting(self, job: Job) -> None:
        """The process ended between writing down the POST and recording its answer."""
        error = OutcomeUnknownError("the bot was stopped before the provider's answer was recorded")
        if await self._files.find(job.id) is None:
            await self._insist(lambda: self._jobs.uncertain(job.id, error))
        elif running := await self._insist(lambda: self._jobs.submitted(job.id, self._owner, Submission(), None)):
            self.start(running)  # the answer was the picture itself, and it is on our disk

    async def _recover_fetched(self, job: Job) -> None:
        """Its message is behind, and is brought up to date; only a file that is gone has to be fetched once more."""
        path = self._files.path_of(job.picture_file or "")
        if not await asyncio.to_thread(path.is_file) and (running := await self._jobs.picture_lost(job.id)):
            log.warning("picture_lost", extra={"job_id": job.id})
            self.start(running)
        else:
            self._presenter.refresh([job.request_id])  # even where its message counts as seen to: it is not shown yet

    async def _guarded(self, job: Job, step: Callable[[Job], Awaitable[None]]) -> None:
        """Run a step; a bug in it must neither lose the job nor leave it hanging."""
        try:
            await step(job)
        except Exception as error:
            log.exception("job_step_failed", extra={"job_id": job.id})
            what = type(error).__name__
            times = await self._insist(lambda: self._jobs.step_failed(job.id, what))
            await self._clock.sleep(min(_AFTER_A_BUG_S * 2 ** (times - 1), _LONGEST_AFTER_A_BUG_S))
            await self._after_a_bug(job.id, times)
        finally:
            self._wakeup.wake()

    async def _after_a_bug(self, job_id: int, times: int) -> None:
        """Go on with a job whose step raised what nobody foresaw, or end it for good."""
        job = await self._insist(lambda: self._jobs.job(job_id))
        error = OutcomeUnknownError("an internal error happened while the picture was being ordered")
        if job.state is JobState.SUBMITTING:
            await self._insist(lambda: self._jobs.uncertain(job_id, error))
        elif job.state is JobState.QUEUED and job.owner == self._owner:
            await self._insist(lambda: self._jobs.failed(job_id, BotError("internal error"), Cost.NOTHING))
        elif job.state is JobState.RUNNING and times < _MOST_BUGS:
            self.start(job)
        elif job.state is JobState.RUNNING:
            log.error("job_given_up", extra={"job_id": job_id, "task_id": job.task_id, "times": times})
            stopped = BotError("an internal error happened again and again while the picture was being fetched")
            await self._insist(lambda: self._jobs.failed(job_id, stopped, Cost.CHARGED))
        await self._gate.undecided(job_id)
        self._presenter.refresh([job.request_id])

    async def _submit(self, job: Job) -> None:
        """Send the one POST of a job that was called up, and record what came of it."""
        view = await self._insist(lambda: self._requests.view(job.request_id))
        forms = self._reference_transport.forms(view.request)
        try:
            image_urls = await self._reference_transport.image_urls(view.request, forms)
        except BadReferenceError as error:
            await self._insist(partial(self._jobs.failed, job.id, error, Cost.NOTHING))
            await self._gate.undecided(job.id)
            self._presenter.refresh([job.request_id])
            return
        if not self._gate.lets_through(job.id):
            await self._insist(lambda: self._jobs.unclaim(job.id, self._owner))
            await self._gate.undecided(job.id)
            return
        if await self._insist(lambda: self._jobs.begin_submit(job.id, self._owner)) is None:
            await self._gate.undecided(job.id)
            return
        log.info("job_submitting", extra={"job_id": job.id, "user_id": job.user_id, "guild_id": job.guild_id})
        try:
            submission = await self._order(view.request, image_urls, forms)
        except ProviderError as error:
            await self._not_taken(job, error)
            return
        self._rate_limiter.accepted()
        eta_at = self._clock.now() + timedelta(seconds=self._durations.expected_s(view.request.spec.resolution))
        if submission.source is not None and not submission.source.remote:
            await self._poller.keep(job.id, submission.source)  # bytes that no later poll would bring again
        try:
            running = await self._insist(lambda: self._jobs.submitted(job.id, self._owner, submission, eta_at))
        except asyncio.CancelledError:
            # Asked to stop while nothing can be written: the next start finds the job uncertain. Its task is paid for.
            log.critical("job_answer_not_recorded", extra={"job_id": job.id, "task_id": submission.task_id})
            raise
        await self._gate.passed(job.id)
        if running is None:
            log.error("job_answer_unexpected", extra={"job_id": job.id, "task_id": submission.task_id})
            return
        log.info("job_running", extra={"job_id": job.id, "task_id": submission.task_id})
        self._presenter.refresh([job.request_id])
        self.start(running)

    async def _order(self, request: Request, image_urls: list[str], other_forms: list[TransportMode]) -> Submission:
        """Send the POST. References that the provider refuses in one form go once in the next: a refusal is free.

        Some say of a form that they do not take that they failed (HTTP 500), which is free as well.
        """
        while True:
            try:
                return await self._provider.submit(request.spec, image_urls)
            except (BadRequestError, PlatformError) as refused:
                if not other_forms:
                    raise
                log.warning("references_refused", extra={"request_id": request.id})
                try:
                    image_urls = await self._reference_transport.image_urls(request, other_forms)
                except BadReferenceError:
                    raise refused from None

    async def _not_taken(self, job: Job, error: ProviderError) -> None:
        """Carry out the decision that a failed submit calls for."""
        decision = after_submit(error, job.tries)
        log.warning(
            "job_not_taken",
            extra={"job_id": job.id, "code": error.code, "status": error.http_status, "decision": decision.value},
        )
        match decision:
            case AfterSubmit.CLOSE_GATE:
                news = await self._gate.refused(job.id, error)
                await self._insist(lambda: self._jobs.back_to_queue(job.id, self._owner, error, None))
                if news:
                    self._gate.announce_closed(error.code)
            case AfterSubmit.SLOW_DOWN:
                self._rate_limiter.refused(self._clock.monotonic(), error.retry_after_s)
                log.info("admission_slowed", extra={"per_s": self._rate_limiter.per_s, "asked_s": error.retry_after_s})
                await self._insist(lambda: self._jobs.back_to_queue(job.id, self._owner, error, None))
            case AfterSubmit.TRY_LATER:
                wait_s = backoff_s(job.tries + 1, base_s=_RETRY_S, cap_s=_LONGEST_RETRY_S, rng=self._rng)
                not_before = self._clock.now() + timedelta(seconds=wait_s)
                await self._insist(lambda: self._jobs.back_to_queue(job.id, self._owner, error, not_before))
            case AfterSubmit.UNCERTAIN:
                await self._insist(lambda: self._jobs.uncertain(job.id, error))
            case AfterSubmit.FAIL:
                await self._insist(lambda: self._jobs.failed(job.id, error, error.cost))
        await self._gate.undecided(job.id)
        self._presenter.refresh([job.request_id])

    async def _finish(self, job: Job) -> None:
        """Wait for the provider, fetch the picture, and have it shown."""
        if job.state is JobState.RUNNING:
            await self._poller.fetch(job)
        self._presenter.refresh([job.request_id])
