"""Calling up jobs: paced, and woken exactly by the events that make a start possible."""

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
    """A clock that stops until a test advances it."""
    return FakeClock(automatic=False)


async def test_starts_are_paced(pipeline_harness: PipelineHarness) -> None:
    """Twenty at once, then a short pause: a burst must not stall the event loop."""
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
    """With an empty queue there is no delay."""
    await pipeline_harness.start()
    await pipeline_harness.settle()
    await pipeline_harness.imagine()
    await pipeline_harness.posted(1)


async def test_freed_slot_is_used_at_once(pipeline_harness: PipelineHarness) -> None:
    """A member's third picture starts when one of the two is on disk; no explicit wake-up is needed."""
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


async def test_admission_on_hold_starts_nothing_until_the_hold_ends(pipeline_harness: PipelineHarness) -> None:
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


async def test_rate_limited_burst_continues_more_slowly(pipeline_harness: PipelineHarness) -> None:
    """Twenty orders, twenty times 429: a short wait, then one order about every second; none is lost."""
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


async def test_delayed_job_is_called_up_at_its_time(pipeline_harness: PipelineHarness) -> None:
    """Its time alone wakes admission, even if another one passed before without a slot."""
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


async def test_deadline_that_passes_during_the_query_is_not_missed(pipeline_harness: PipelineHarness) -> None:
    """The hold ends between reading the queue and waiting for a change: nothing else would wake admission."""
    pipeline_harness.slow_down(30)
    await pipeline_harness.imagine()
    await pipeline_harness.start()
    await pipeline_harness.settle()
    pipeline_harness.store.meanwhile["next_not_before"] = lambda: pipeline_harness.clock.shift(30)
    pipeline_harness.wakeup.wake()
    await pipeline_harness.posted(1)


async def test_database_errors_are_retried(pipeline_harness: PipelineHarness) -> None:
    """Admission survives a failing database, and retries a second later."""
    await pipeline_harness.imagine()
    pipeline_harness.store.trouble["admit"] = 1
    await pipeline_harness.start()
    await pipeline_harness.until(lambda: pipeline_harness.store.trouble["admit"] == 0)
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    pipeline_harness.clock.advance(1)
    await pipeline_harness.posted(1)


async def test_job_called_up_during_a_stop_is_not_submitted(pipeline_harness: PipelineHarness) -> None:
    """The database answers after the stop began: no POST may be sent that no task would wait for."""
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
    """It waits for nothing and leaves no task running."""
    running = asyncio.create_task(pipeline_harness.admission.run())
    await pipeline_harness.settle()
    pipeline_harness.slow_down(60)
    pipeline_harness.admission.stop()
    await running
    await asyncio.sleep(0)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("admission-")] == []
