"""While many interactions wait for their initial response, other work is delayed, with a time limit."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from bot.ops.backpressure import Backpressure


async def test_work_starts_at_once_at_low_load() -> None:
    """A few unanswered interactions delay nothing."""
    backpressure = Backpressure(crowd=2)
    with backpressure.answering():
        assert not backpressure.crowded
        await asyncio.wait_for(backpressure.quiet(), 0.02)


async def test_work_waits_for_a_burst_and_continues_after_it() -> None:
    """The response that brings the count below the limit releases all waiting work."""
    backpressure = Backpressure(crowd=2)
    with ExitStack() as crowd:
        for _ in range(2):
            crowd.enter_context(backpressure.answering())
        assert backpressure.crowded
        waiting = asyncio.create_task(backpressure.quiet())
        await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 1)
    assert not backpressure.crowded


async def test_endless_burst_does_not_stop_the_work() -> None:
    """After the longest wait the pictures of acknowledged orders are made anyway."""
    backpressure = Backpressure(crowd=1, longest_wait_s=0.01)
    with backpressure.answering():
        await asyncio.wait_for(backpressure.quiet(), 1)
        assert backpressure.crowded


async def test_failed_response_is_not_counted_forever() -> None:
    """An error decrements the count, too."""
    backpressure = Backpressure(crowd=1)
    with pytest.raises(ZeroDivisionError), backpressure.answering():
        _ = 1 / 0
    assert not backpressure.crowded
