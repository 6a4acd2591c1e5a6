"""Who types on while their queue is full is refused before anything else is done for them; nobody else is."""

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
    """An order that comes in a crowd."""
    flood.ordered(user_id)
    await flood.check(user_id)


async def test_a_member_whose_queue_is_full_is_refused_as_the_database_would(pipeline_harness: PipelineHarness) -> None:
    """The third order of a queue of two: nobody was asked about the first two."""
    flood = Throttle(pipeline_harness.store.lists, pipeline_harness.clock, pending=2)
    for _ in range(2):
        await order(flood, ALICE)
        await pipeline_harness.steps.queued()
    with refused("You have 2 pictures waiting already; 2 is the limit"):
        await order(flood, ALICE)
    await order(flood, BOB)


async def test_a_queue_with_room_is_nobodys_reason_to_refuse(pipeline_harness: PipelineHarness) -> None:
    """Whoever ordered a lot is still taken when one of their pictures is being made, or was taken back."""
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


async def test_after_two_quiet_minutes_nobody_is_suspected(pipeline_harness: PipelineHarness) -> None:
    """A full queue is then found where orders are stored, as for everybody."""
    flood = Throttle(pipeline_harness.store.lists, pipeline_harness.clock, pending=1)
    await pipeline_harness.steps.queued()
    await order(flood, ALICE)
    with refused("waiting already"):
        await order(flood, ALICE)
    for user_id in (BOB, ALICE):
        pipeline_harness.clock.shift(61)
        await order(flood, user_id)


class SickLists(SqliteLists):
    """The lists of a database that cannot answer, or does not."""

    def __init__(self, *, hangs: bool) -> None:
        self._hangs = hangs

    async def waiting(self, user_id: int) -> int:
        """No answer."""
        if self._hangs:
            await asyncio.Event().wait()
        raise StoreError(f"no answer about {user_id}")


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_database_in_trouble_refuses_nobody_and_holds_nobody_up(
    pipeline_harness: PipelineHarness, *, hangs: bool
) -> None:
    """The order goes its usual way, with the time that it has left."""
    flood = Throttle(SickLists(hangs=hangs), pipeline_harness.clock, pending=1, patience_s=0.01)
    for _ in range(3):
        await asyncio.wait_for(order(flood, ALICE), 2)
