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
from bot.ops.backpressure import Pressure
from bot.queue.admission import Admission
from bot.queue.rate_limiter import Pace
from tests.support.build import BOB
from tests.support.clock import FakeClock
from tests.support.pipeline_harness import Works
from tests.support.steps import OWNER


@pytest.fixture
def clock() -> FakeClock:
    """Time stands still until a test moves it."""
    return FakeClock(automatic=False)


async def test_starts_are_paced(works: Works) -> None:
    """Twenty at once, then a short pause: a crowd must not stall the event loop."""
    works.provider.answering.clear()
    for user_id in range(1, 51):
        await works.imagine(user_id=user_id)
    await works.start()
    for expected in (20, 40, 50):
        await works.posted(expected)
        await works.settle()
        assert len(works.provider.posts) == expected
        works.clock.advance(0.05)


async def test_new_job_is_called_up_at_once(works: Works) -> None:
    """An empty line costs nobody a wait."""
    await works.start()
    await works.settle()
    await works.imagine()
    await works.posted(1)


async def test_freed_slot_is_given_to_the_next_at_once(works: Works) -> None:
    """A member's third picture starts when one of the two is on disk; nobody has to wake anything."""
    async with asyncio.timeout(10):
        works.store._per_user_running = 1
        await works.start()
        first, second = await works.imagine(), await works.imagine()
        await works.posted(1)
        await works.settle()
        assert (await works.store.job(second.id)).state is JobState.QUEUED
        works.clock.advance(20)
        await works.becomes(first, JobState.FETCHED)
        await works.posted(2)


async def test_held_admission_starts_nobody_until_it_is_over(works: Works) -> None:
    """The longest hold counts; when it ends, the waiting jobs start without being woken."""
    await works.start()
    works.admission.slow_down(30)
    works.admission.slow_down(5)
    await works.imagine()
    await works.settle()
    works.clock.advance(29)
    works.admission.wake()
    await works.settle()
    assert works.provider.posts == []
    works.clock.advance(1)
    await works.posted(1)


async def test_a_burst_that_was_too_fast_goes_on_more_slowly(works: Works) -> None:
    """Twenty orders, twenty times 429: a short wait, then one order and about a second to the next; none is lost."""
    works.provider.submits += [RateLimitedError("429")] * 20
    for user_id in range(1, 21):
        await works.imagine(user_id=user_id)
    await works.start()
    await works.posted(20)
    await works.until(works.nothing_is_at_work)
    works.clock.advance(1.5)
    await works.settle()
    assert len(works.provider.posts) == 20
    works.clock.advance(0.5)
    await works.posted(21)
    await works.settle()
    assert len(works.provider.posts) == 21
    works.clock.advance(1.1)
    await works.posted(22)
    await works.settle()
    assert len(works.provider.posts) == 22


async def test_job_that_must_wait_is_called_up_when_its_moment_comes(works: Works) -> None:
    """Its moment alone wakes admission, even if another moment passed before without a slot."""
    moment = works.clock.now() + timedelta(seconds=30)
    job = await works.steps.submitting()
    await works.store.back_to_queue(job.id, OWNER, UnavailableError("busy"), moment)
    await works.start()
    await works.settle()
    works.clock.advance(29)
    await works.imagine(user_id=BOB)
    await works.posted(1)
    await works.settle()
    assert (await works.store.job(job.id)).state is JobState.QUEUED
    works.clock.advance(1)
    await works.posted(2)


async def test_moment_that_passes_while_the_database_is_asked_is_not_missed(works: Works) -> None:
    """The hold ends between the look at the line and the wait for a change: nobody else would wake admission."""
    works.admission.slow_down(30)
    await works.imagine()
    await works.start()
    await works.settle()
    works.store.meanwhile["next_not_before"] = lambda: works.clock.shift(30)
    works.admission.wake()
    await works.posted(1)


async def test_database_trouble_is_waited_out(works: Works) -> None:
    """Admission survives a database that fails, and goes on a second later by itself."""
    await works.imagine()
    works.store.trouble["admit"] = 1
    await works.start()
    await works.until(lambda: works.store.trouble["admit"] == 0)
    await works.settle()
    assert works.provider.posts == []
    works.clock.advance(1)
    await works.posted(1)


async def test_job_called_up_during_a_stop_is_not_submitted(works: Works) -> None:
    """The database answers after the stop began: no POST may leave that nobody would wait for."""
    started: list[Job] = []
    job = await works.imagine()
    admission = Admission(
        jobs=works.store,
        gate=works.gate,
        pace=Pace(random.Random(1)),
        clock=works.clock,
        owner=OWNER,
        pressure=Pressure(),
        start=started.append,
    )
    with closing(sqlite3.connect(works.store._path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        running = asyncio.create_task(admission.run())
        await works.settle()
        admission.stop()
        other.execute("COMMIT")
        await running
    assert started == []
    assert (await works.store.adopt("the-next-process")) == []
    assert (await works.store.job(job.id)).owner is None


async def test_stopping_ends_an_idle_admission(works: Works) -> None:
    """It waits for nothing and leaves no task behind."""
    running = asyncio.create_task(works.admission.run())
    await works.settle()
    works.admission.slow_down(60)
    works.admission.stop()
    await running
    await asyncio.sleep(0)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("admission-")] == []
