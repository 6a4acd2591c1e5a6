"""A line of thousands of messages is walked along a few at a time, and nobody in it holds the others up."""

from __future__ import annotations

import asyncio

import pytest

from bot.messages.bulk_refresh import BulkRefresh
from bot.tasks import TaskGroup


class Deliveries:
    """Begins deliveries that take until `let_go`; notes the order, and how many were under way at most."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.under_way = 0
        self.at_most = 0
        self.stuck: set[int] = set()
        self.by_somebody_else: set[int] = set()
        self.let_go = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def refresh(self, request_id: int) -> asyncio.Task[None] | None:
        """Begin one."""
        self.begun.append(request_id)
        if request_id in self.by_somebody_else:
            return None
        task = asyncio.create_task(self._deliver(request_id), name=f"deliver-{request_id}")
        self._tasks.add(task)
        return task

    async def _deliver(self, request_id: int) -> None:
        self.under_way += 1
        self.at_most = max(self.at_most, self.under_way)
        await (asyncio.Event().wait() if request_id in self.stuck else self.let_go.wait())
        self.under_way -= 1

    async def close(self) -> None:
        """End what is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
def deliveries() -> Deliveries:
    """Nothing has begun."""
    return Deliveries()


async def test_a_long_line_is_brought_up_to_date_a_few_at_a_time(deliveries: Deliveries) -> None:
    """All of it and in its order, while half of what is delivered at once is left to pictures that come meanwhile."""
    tasks = TaskGroup()
    BulkRefresh(tasks, deliveries.refresh).follow(range(1_000))
    await asyncio.sleep(0.01)
    assert deliveries.begun == list(range(8))
    deliveries.let_go.set()
    await tasks.drain(5)
    assert deliveries.begun == list(range(1_000))
    assert deliveries.at_most == 8


async def test_a_later_line_takes_the_place_of_an_earlier_one(deliveries: Deliveries) -> None:
    """Whoever still waits is in the later one; nobody is shown old news first."""
    tasks = TaskGroup()
    line = BulkRefresh(tasks, deliveries.refresh)
    line.follow(range(20))
    await asyncio.sleep(0)
    line.follow(range(100, 110))
    deliveries.let_go.set()
    await tasks.drain(5)
    assert deliveries.begun == [*range(8), *range(100, 110)]


async def test_whoever_is_held_up_holds_nobody_up(deliveries: Deliveries) -> None:
    """Messages that Discord is slow with come to their turn by themselves; those somebody is at are passed over."""
    deliveries.stuck, deliveries.by_somebody_else = set(range(8)), set(range(8, 16))
    deliveries.let_go.set()
    tasks = TaskGroup()
    BulkRefresh(tasks, deliveries.refresh, patience_s=0.01).follow(range(20))
    await tasks.drain(5)
    assert deliveries.begun == list(range(20))
    assert deliveries.under_way == 8
    await deliveries.close()
