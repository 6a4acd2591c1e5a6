"""How a closed gate is probed: by whom, and how often, on a clock that a test moves."""

from __future__ import annotations

import pytest

from bot.domain.errors import BalanceError
from bot.domain.job import JobState
from tests.support.build import BOB
from tests.support.clock import FakeClock
from tests.support.pipeline_harness import Works


@pytest.fixture
def clock() -> FakeClock:
    """Time stands still until a test moves it."""
    return FakeClock(automatic=False)


async def test_probes_double_their_wait_up_to_fifteen_times(works: Works) -> None:
    """From one minute to fifteen, each time with the first in line, which keeps its place through all of it."""
    works.provider.submits += [BalanceError("empty", http_status=402)] * 8
    first = await works.imagine(prompt="first")
    await works.start()
    await works.posted(1)
    second = await works.imagine(prompt="second", user_id=BOB)

    async def first_is_next() -> bool:
        return (await works.store.view(first.request_id)).places == {first.id: 1}

    for probes, wait_s in enumerate([60, 120, 240, 480, 900, 900, 900], start=1):
        await works.until(first_is_next)
        await works.settle()
        works.clock.advance(wait_s - 1)
        await works.settle()
        assert len(works.provider.posts) == probes
        works.clock.advance(1)
        await works.posted(probes + 1)
    assert set(works.provider.posts) == {"first"}
    assert (await works.store.job(second.id)).state is JobState.QUEUED


async def test_gate_that_opens_lets_everybody_through_at_once(works: Works) -> None:
    """The probe's success is enough: nobody waits for a probe of their own."""
    works.provider.submits.append(BalanceError("empty", http_status=402))
    await works.imagine(prompt="first")
    await works.start()
    await works.posted(1)
    for user_id in range(100, 130):
        await works.imagine(user_id=user_id)
    await works.settle()
    assert len(works.provider.posts) == 1
    works.clock.advance(60)
    await works.posted(2 + 20)
    works.clock.advance(0.05)
    await works.posted(2 + 30)
