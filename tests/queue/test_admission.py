"""Calling up jobs: paced, woken by everything that makes a start possible, and by nothing else."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from bot.domain.errors import RateLimitedError, UnavailableError
from bot.domain.job import Job, JobState
from bot.ops.backpressure import Backpressure
from bot.queue.admission import Admission
from bot.queue.rate_limiter import RateLimiter
from bot.queue.wakeup import Wakeup
from tests.support.build import BOB
from tests.support.clock import FakeClock
from tests.support.pipeline_harness import PipelineHarness
from tests.support.steps import OWNER


@pytest.fixture
def clock() -> FakeClock:
    """Time stands still until a test moves it."""
    return FakeClock(automatic=False)


async def test_starts_are_paced(pipeline_harness: PipelineHarness) -> None:
    """Twenty at once, then a short pause: a crowd must not stall the event loop."""
    pipeline_harness.provider.answering.clear()
    for user_id in range(1, 51):
        await pipeline_harness.imagine(user_id=user_id)
    await pipeline_harness.start()
    for expected in (20, 40, 50):
        await pipeline_harness.posted(expected)
        await pipeline_harness.settle()
        assert len(pipeline_harness.provider.posts) == expected
        pipeline_harness.clock.advance(0.05)


async def test_new_job_is_called_up_at_once(pipeline_harness: PipelineHarness) -> None:
    """An empty line costs nobody a wait."""
    await pipeline_harness.start()
    await pipeline_harness.settle()
    await pipeline_harness.imagine()
    await pipeline_harness.posted(1)


async def test_freed_slot_is_given_to_the_next_at_once(pipeline_harness: PipelineHarness) -> None:
    """A member's third picture starts when one of the two is on disk; nobody has to wake anything."""
    async with asyncio.timeout(10):
        pipeline_harness.store._per_user_running = 1
        await pipeline_harness.start()
        first, second = await pipeline_harness.imagine(), await pipeline_harness.imagine()
        await pipeline_harness.posted(1)
        await pipeline_harness.settle()
        assert (await pipeline_harness.store.job(second.id)).state is JobState.QUEUED
        pipeline_harness.clock.advance(20)
        await pipeline_harness.becomes(first, JobState.FETCHED)
        await pipeline_harness.posted(2)


async def test_held_admission_starts_nobody_until_it_is_over(pipeline_harness: PipelineHarness) -> None:
    """The longest hold counts; when it ends, the waiting jobs start without being woken."""
    await pipeline_harness.start()
    pipeline_harness.slow_down(30)
    pipeline_harness.slow_down(5)
    await pipeline_harness.imagine()
    await pipeline_harness.settle()
    pipeline_harness.clock.advance(29)
    pipeline_harness.wakeup.wake()
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    pipeline_harness.clock.advance(1)
    await pipeline_harness.posted(1)


async def test_a_burst_that_was_too_fast_goes_on_more_slowly(pipeline_harness: PipelineHarness) -> None:
    """Twenty orders, twenty times 429: a short wait, then one order and about a second to the next; none is lost."""
    pipeline_harness.provider.submits += [RateLimitedError("429")] * 20
    for user_id in range(1, 21):
        await pipeline_harness.imagine(user_id=user_id)
    await pipeline_harness.start()
    await pipeline_harness.posted(20)
    await pipeline_harness.until(pipeline_harness.nothing_is_at_work)
    pipeline_harness.clock.advance(1.5)
    await pipeline_harness.settle()
    assert len(pipeline_harness.provider.posts) == 20
    pipeline_harness.clock.advance(0.5)
    await pipeline_harness.posted(21)
    await pipeline_harness.settle()
    assert len(pipeline_harness.provider.posts) == 21
    pipeline_harness.clock.advance(1.1)
    await pipeline_harness.posted(22)
    await pipeline_harness.settle()
    assert len(pipeline_harness.provider.posts) == 22


async def test_job_that_must_wait_is_called_up_when_its_moment_comes(pipeline_harness: PipelineHarness) -> None:
    """Its moment alone wakes admission, even if another moment passed before without a slot."""
    moment = pipeline_harness.clock.now() + timedelta(seconds=30)
    job = await pipeline_harness.steps.submitting()
    await pipeline_harness.store.back_to_queue(job.id, OWNER, UnavailableError("busy"), moment)
    await pipeline_harness.start()
    await pipeline_harness.settle()
    pipeline_harness.clock.advance(29)
    await pipeline_harness.imagine(user_id=BOB)
    await pipeline_harness.posted(1)
    await pipeline_harness.settle()
    assert (await pipeline_harness.store.job(job.id)).state is JobState.QUEUED
    pipeline_harness.clock.advance(1)
    await pipeline_harness.posted(2)


async def test_moment_that_passes_while_the_database_is_asked_is_not_missed(pipeline_harness: PipelineHarness) -> None:
    """The hold ends between the look at the line and the wait for a change: nobody else would wake admission."""
    pipeline_harness.slow_down(30)
    await pipeline_harness.imagine()
    await pipeline_harness.start()
    await pipeline_harness.settle()
    pipeline_harness.store.meanwhile["next_not_before"] = lambda: pipeline_harness.clock.shift(30)
    pipeline_harness.wakeup.wake()
    await pipeline_harness.posted(1)


async def test_database_trouble_is_waited_out(pipeline_harness: PipelineHarness) -> None:
    """Admission survives a database that fails, and goes on a second later by itself."""
    await pipeline_harness.imagine()
    pipeline_harness.store.trouble["admit"] = 1
    await pipeline_harness.start()
    await pipeline_harness.until(lambda: pipeline_harness.store.trouble["admit"] == 0)
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    pipeline_harness.clock.advance(1)
    await pipeline_harness.posted(1)


async def test_job_called_up_during_a_stop_is_not_submitted(pipeline_harness: PipelineHarness) -> None:
    """The database answers after the stop began: no POST may leave that nobody would wait for."""
    started: list[Job] = []
    job = await pipeline_harness.imagine()
    admission = Admission(
        jobs=pipeline_harness.store,
        gate=pipeline_harness.gate,
        rate_limiter=RateLimiter(random.Random(1)),
        wakeup=Wakeup(),
        clock=pipeline_harness.clock,
        owner=OWNER,
        backpressure=Backpressure(),
        start=started.append,
    )
    with closing(sqlite3.connect(pipeline_harness.store._path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        running = asyncio.create_task(admission.run())
        await pipeline_harness.settle()
        admission.stop()
        other.execute("COMMIT")
        await running
    assert started == []
    assert (await pipeline_harness.store.adopt("the-next-process")) == []
    assert (await pipeline_harness.store.job(job.id)).owner is None


async def test_stopping_ends_an_idle_admission(pipeline_harness: PipelineHarness) -> None:
    """It waits for nothing and leaves no task behind."""
    running = asyncio.create_task(pipeline_harness.admission.run())
    await pipeline_harness.settle()
    pipeline_harness.slow_down(60)
    pipeline_harness.admission.stop()
    await running
    await asyncio.sleep(0)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("admission-")] == []
