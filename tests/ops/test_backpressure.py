"""While many interactions wait for their first answer, everything else waits for them, but not for ever."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from bot.ops.backpressure import Backpressure


async def test_work_goes_on_at_once_while_there_is_no_crowd() -> None:
    """A few unanswered interactions hold nobody up."""
    backpressure = Backpressure(crowd=2)
    with backpressure.answering():
        assert not backpressure.crowded
        await asyncio.wait_for(backpressure.quiet(), 0.02)


async def test_work_waits_for_a_crowd_and_goes_on_when_it_has_been_answered() -> None:
    """The last answer that makes the crowd a few again lets everybody go on."""
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


async def test_a_crowd_that_never_ends_does_not_stop_the_work() -> None:
    """After the longest wait the pictures of those who were answered are made all the same."""
    backpressure = Backpressure(crowd=1, longest_wait_s=0.01)
    with backpressure.answering():
        await asyncio.wait_for(backpressure.quiet(), 1)
        assert backpressure.crowded


async def test_an_answer_that_fails_is_not_counted_for_ever() -> None:
    """An error leaves the count as it was."""
    backpressure = Backpressure(crowd=1)
    with pytest.raises(ZeroDivisionError), backpressure.answering():
        _ = 1 / 0
    assert not backpressure.crowded
