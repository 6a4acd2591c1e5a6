"""Probes of a closed gate: which job, and at which intervals, on a fake clock."""

from __future__ import annotations

import pytest

from bot.domain.errors import BalanceError
from bot.domain.job import JobState
from tests.support.build import BOB
from tests.support.clock import FakeClock
from tests.support.pipeline_harness import PipelineHarness


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stops until a test advances it."""
    return FakeClock(automatic=False)


async def test_probe_waits_double_up_to_fifteen_minutes(pipeline_harness: PipelineHarness) -> None:
    """From one minute to fifteen, each time with the first in the queue, which keeps its position."""
    pipeline_harness.provider.submits += [BalanceError("empty", http_status=402)] * 8
    first = await pipeline_harness.imagine(prompt="first")
    await pipeline_harness.start()
    await pipeline_harness.posted(1)
    second = await pipeline_harness.imagine(prompt="second", user_id=BOB)

    async def first_is_next() -> bool:
        return (await pipeline_harness.store.view(first.request_id)).places == {first.id: 1}

    for probes, wait_s in enumerate([60, 120, 240, 480, 900, 900, 900], start=1):
        await pipeline_harness.until(first_is_next)
        await pipeline_harness.settle()
        pipeline_harness.clock.advance(wait_s - 1)
        await pipeline_harness.settle()
        assert len(pipeline_harness.provider.posts) == probes
        pipeline_harness.clock.advance(1)
        await pipeline_harness.posted(probes + 1)
    assert set(pipeline_harness.provider.posts) == {"first"}
    assert (await pipeline_harness.store.job(second.id)).state is JobState.QUEUED


async def test_opened_gate_lets_all_jobs_through_at_once(pipeline_harness: PipelineHarness) -> None:
    """The probe's success is enough: no other job needs its own probe."""
    pipeline_harness.provider.submits.append(BalanceError("empty", http_status=402))
    await pipeline_harness.imagine(prompt="first")
    await pipeline_harness.start()
    await pipeline_harness.posted(1)
    for user_id in range(100, 130):
        await pipeline_harness.imagine(user_id=user_id)
    await pipeline_harness.settle()
    assert len(pipeline_harness.provider.posts) == 1
    pipeline_harness.clock.advance(60)
    await pipeline_harness.posted(2 + 20)
    pipeline_harness.clock.advance(0.05)
    await pipeline_harness.posted(2 + 30)
