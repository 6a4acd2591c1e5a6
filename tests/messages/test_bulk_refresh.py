"""Bulk refresh of thousands of messages: a few at a time, and a slow one does not block the others."""

from __future__ import annotations

import asyncio

import pytest

from bot.messages.bulk_refresh import BulkRefresh
from bot.tasks import TaskGroup


class Deliveries:
    """Deliveries that run until `let_go`; records their order and the highest number running at once."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.under_way = 0
        self.at_most = 0
        self.stuck: set[int] = set()
        self.by_somebody_else: set[int] = set()
        self.let_go = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def refresh(self, request_id: int) -> asyncio.Task[None] | None:
        """Start one."""
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
        """Cancel the running deliveries."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
def deliveries() -> Deliveries:
    """Deliveries, none started."""
    return Deliveries()


async def test_long_queue_is_refreshed_a_few_at_a_time(deliveries: Deliveries) -> None:
    """All of it in order, while half of the delivery slots stay free for new pictures."""
    tasks = TaskGroup()
    BulkRefresh(tasks, deliveries.refresh).follow(range(1_000))
    await asyncio.sleep(0.01)
    assert deliveries.begun == list(range(8))
    deliveries.let_go.set()
    await tasks.drain(5)
    assert deliveries.begun == list(range(1_000))
    assert deliveries.at_most == 8


async def test_later_refresh_replaces_an_earlier_one(deliveries: Deliveries) -> None:
    """Messages that still wait are in the later one; outdated content is not shown first."""
    tasks = TaskGroup()
    line = BulkRefresh(tasks, deliveries.refresh)
    line.follow(range(20))
    await asyncio.sleep(0)
    line.follow(range(100, 110))
    deliveries.let_go.set()
    await tasks.drain(5)
    assert deliveries.begun == [*range(8), *range(100, 110)]


async def test_slow_messages_do_not_block_others(deliveries: Deliveries) -> None:
    """Messages that Discord delays are refreshed on their own; those already being delivered are skipped."""
    deliveries.stuck, deliveries.by_somebody_else = set(range(8)), set(range(8, 16))
    deliveries.let_go.set()
    tasks = TaskGroup()
    BulkRefresh(tasks, deliveries.refresh, patience_s=0.01).follow(range(20))
    await tasks.drain(5)
    assert deliveries.begun == list(range(20))
    assert deliveries.under_way == 8
    await deliveries.close()
