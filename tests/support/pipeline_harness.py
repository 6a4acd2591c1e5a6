"""The services of the queue on a real database and spool, with a scripted provider and a clock without waiting."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.disk import MEGABYTE, DiskRule, DiskState
from bot.domain.errors import StoreError
from bot.domain.job import Job, JobState
from bot.domain.schedule import Durations, Polling
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from bot.ops.backpressure import Backpressure
from bot.queue.admission import Admission
from bot.queue.disk_monitor import DiskMonitor
from bot.queue.gate import SubmissionGate
from bot.queue.pipeline import Pipeline
from bot.queue.polling import Poller
from bot.queue.rate_limiter import RateLimiter
from bot.queue.reference_transport import ReferenceTransport
from bot.services.guild_rules import GuildRules
from bot.services.word_filter import WordFilter
from bot.store.sqlite.reading import read_faults
from bot.store.store import SqliteStore
from bot.tasks import TaskGroup
from tests.support.build import new_request
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.provider import RecordingAlerts, RecordingPresenter, ScriptedProvider
from tests.support.steps import OWNER, Steps

LEAST_FREE_BYTES = 200 * MEGABYTE


class FailingStore(SqliteStore):
    """A store whose methods fail as often as `trouble` says, before they do anything.

    `meanwhile` names a callback that runs once, while a method is being called.
    """

    def __init__(self, *args: Any, **limits: Any) -> None:
        super().__init__(*args, **limits)
        self.trouble: Counter[str] = Counter()
        self.meanwhile: dict[str, Callable[[], None]] = {}

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        own = super().__getattribute__("__dict__")
        if name in own or "meanwhile" not in own:
            return method
        own["meanwhile"].pop(name, lambda: None)()
        trouble: Counter[str] = own["trouble"]
        if trouble[name] <= 0:
            return method

        async def failing(*_: Any, **__: Any) -> None:
            trouble[name] -= 1
            raise StoreError("database is locked")

        return failing


class PipelineHarness:
    """Gate, admission, pipeline and fetcher wired as in the bot."""

    def __init__(self, store: FailingStore, spool: Spool, clock: FakeClock) -> None:
        self.store, self.spool, self.clock = store, spool, clock
        self.provider, self.presenter, self.alerts = ScriptedProvider(clock), RecordingPresenter(), RecordingAlerts()
        self.steps = Steps(store)
        self.words = WordFilter(clock)
        self.rules = GuildRules(store.rules, store.blocks, clock, self.words)
        self.announcements = TaskGroup()
        rng = random.Random(1)
        polling = Polling()
        durations = Durations(polling)
        self.gate = SubmissionGate(
            gates=store, jobs=store, requests=store, presenter=self.presenter, alerts=self.alerts, clock=clock, rng=rng,
            tasks=self.announcements, probe_s=60,
        )  # fmt: skip
        self.disk = DiskState(free_bytes=LEAST_FREE_BYTES)
        self.disk_watch = DiskMonitor(
            look=lambda: self.disk, rule=DiskRule(least_bytes=LEAST_FREE_BYTES), gate=self.gate, clock=clock
        )
        poller = Poller(
            jobs=store, requests=store, provider=self.provider, files=spool, durations=durations, polling=polling,
            clock=clock, rng=rng, backpressure=Backpressure(), room_for_a_picture=self.disk_watch.room_for_a_picture,
        )  # fmt: skip
        self.copies = ReferenceCopies(spool.path_of("x").parent / "references", ["cdn.test"])
        self.reference_transport = ReferenceTransport(
            requests=store, jobs=store, copies=self.copies, spool=spool, uploads=self.provider,
            presenter=self.presenter, clock=clock, rng=rng,
        )  # fmt: skip
        self.pipeline = Pipeline(
            jobs=store, requests=store, provider=self.provider, files=spool, poller=poller, gate=self.gate,
            reference_transport=self.reference_transport,
            presenter=self.presenter, durations=durations, clock=clock, rng=rng, owner=OWNER,
        )  # fmt: skip
        self.admission = Admission(
            jobs=store,
            gate=self.gate,
            rate_limiter=RateLimiter(rng),
            clock=clock,
            owner=OWNER,
            backpressure=Backpressure(),
            start=self.pipeline.start,
        )
        self.pipeline.attach(self.admission)
        self.gate.on_change(self.admission.wake)
        self.reference_transport.on_arrival(self.admission.wake)
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start processing as the bot does at its start."""
        await self.gate.start()
        await self.pipeline.recover()
        self._running = asyncio.create_task(self.admission.run())

    async def close(self) -> None:
        """Stop in the bot's order; re-raises what admission raised."""
        self.admission.stop()
        await self.pipeline.close(grace_s=0.05)
        await self.announcements.close()
        await self.words.close()
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
            if not self._running.cancelled():
                self._running.result()

    async def imagine(self, **new: Any) -> Job:
        """Accept one picture and wake the queue."""
        view = await self.store.view(await self.store.accept(new_request(**new)))
        self.admission.wake()
        return view.jobs[0]

    async def until(self, condition: Callable[[], Awaitable[bool] | bool]) -> None:
        """Wait until a condition is true, without a fixed sleep."""
        async with asyncio.timeout(10):
            while True:
                found = condition()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(0.002)

    async def nothing_is_at_work(self) -> bool:
        """Whether every job is waiting: queued, or called up but not yet sent."""
        states = await self.store.states()
        return set(states) == {JobState.QUEUED}

    async def settle(self) -> None:
        """Run the event loop and the database until no more work is pending."""
        for _ in range(15):
            await self.store.waiting()
            await asyncio.sleep(0)

    async def posted(self, count: int) -> None:
        """Wait until this many submits have arrived at the provider."""
        await self.until(lambda: len(self.provider.posts) == count)

    async def shown(self, job: Job, *, times: int = 1) -> None:
        """Wait until a job's message has been refreshed this often."""
        await self.until(lambda: self.presenter.asked.count(job.request_id) >= times)

    async def becomes(self, job: Job, state: JobState) -> Job:
        """Wait until a job is in a state; another final state fails at once."""

        async def there() -> bool:
            now = (await self.store.job(job.id)).state
            assert now in {state, JobState.QUEUED, JobState.SUBMITTING, JobState.RUNNING}, f"it became {now}"
            return now is state

        await self.until(there)
        return await self.store.job(job.id)


@pytest.fixture
def clock() -> FakeClock:
    """An automatic clock: each sleep advances the time."""
    return FakeClock()


@pytest.fixture
async def pipeline_harness(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PipelineHarness]:
    """The queue, not started. The ledger must be consistent at the end of every test."""
    async with FailingStore(
        fresh_database(tmp_path / "bot.db"), clock, per_user_running=20, per_user_pending=99
    ) as store:
        made = PipelineHarness(store, Spool(tmp_path / "spool"), clock)
        yield made
        store.trouble.clear()
        await made.close()
    assert list(read_faults(tmp_path / "bot.db")) == []
