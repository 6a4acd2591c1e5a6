"""Orders of a member whose queue is full are refused from memory; other members are not affected."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import StoreError
from bot.interactions.throttle import Throttle
from bot.store.lists import SqliteLists
from tests.support.build import ALICE, BOB
from tests.support.pipeline_harness import PipelineHarness
from tests.support.refusals import refused


async def order(flood: Throttle, user_id: int) -> None:
    """An order during high load."""
    flood.ordered(user_id)
    await flood.check(user_id)


async def test_member_with_a_full_queue_is_refused_as_the_database_would(pipeline_harness: PipelineHarness) -> None:
    """The third order with a queue limit of two; the first two needed no lookup."""
    flood = Throttle(pipeline_harness.store.lists, pipeline_harness.clock, pending=2)
    for _ in range(2):
        await order(flood, ALICE)
        await pipeline_harness.steps.queued()
    with refused("You have 2 pictures waiting already; 2 is the limit"):
        await order(flood, ALICE)
    await order(flood, BOB)


async def test_member_with_room_in_the_queue_is_not_refused(pipeline_harness: PipelineHarness) -> None:
    """Many orders are accepted if one of their pictures is being made, or was cancelled."""
    flood = Throttle(pipeline_harness.store.lists, pipeline_harness.clock, pending=2)
    jobs = [await pipeline_harness.steps.queued() for _ in range(2)]
    for _ in range(2):
        await order(flood, ALICE)
    await pipeline_harness.store.cancelled(jobs[0].id)
    await order(flood, ALICE)
    await pipeline_harness.steps.queued()
    with refused("waiting already"):
        await order(flood, ALICE)
    await pipeline_harness.store.admit("us", most=1)
    await pipeline_harness.store.begin_submit(jobs[1].id, "us")
    await order(flood, ALICE)


async def test_suspicion_expires_after_two_quiet_minutes(pipeline_harness: PipelineHarness) -> None:
    """A full queue is then detected where orders are stored, as for every member."""
    flood = Throttle(pipeline_harness.store.lists, pipeline_harness.clock, pending=1)
    await pipeline_harness.steps.queued()
    await order(flood, ALICE)
    with refused("waiting already"):
        await order(flood, ALICE)
    for user_id in (BOB, ALICE):
        pipeline_harness.clock.shift(61)
        await order(flood, user_id)


class SickLists(SqliteLists):
    """Lists of a database that fails or hangs."""

    def __init__(self, *, hangs: bool) -> None:
        self._hangs = hangs

    async def waiting(self, user_id: int) -> int:
        """Fail or hang."""
        if self._hangs:
            await asyncio.Event().wait()
        raise StoreError(f"no answer about {user_id}")


@pytest.mark.parametrize("hangs", [False, True])
async def test_failing_database_refuses_and_delays_no_member(pipeline_harness: PipelineHarness, *, hangs: bool) -> None:
    """The order takes the normal path, with the time that remains."""
    flood = Throttle(SickLists(hangs=hangs), pipeline_harness.clock, pending=1, patience_s=0.01)
    for _ in range(3):
        await asyncio.wait_for(order(flood, ALICE), 2)
