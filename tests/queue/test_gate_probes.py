"""How a closed gate is probed: by whom, and how often, on a clock that a test moves."""

from __future__ import annotations

import pytest

from bot.domain.errors import BalanceError
from bot.domain.job import JobState
from tests.support.build import BOB
from tests.support.clock import FakeClock
from tests.support.pipeline_harness import PipelineHarness


@pytest.fixture
def clock() -> FakeClock:
    """Time stands still until a test moves it."""
    return FakeClock(automatic=False)


async def test_probes_double_their_wait_up_to_fifteen_times(pipeline_harness: PipelineHarness) -> None:
    """From one minute to fifteen, each time with the first in line, which keeps its place through all of it."""
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


async def test_gate_that_opens_lets_everybody_through_at_once(pipeline_harness: PipelineHarness) -> None:
    """The probe's success is enough: nobody waits for a probe of their own."""
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
