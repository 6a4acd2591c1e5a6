"""While many interactions wait for their first answer, everything else waits for them, but not for ever."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from bot.ops.backpressure import Pressure


async def test_work_goes_on_at_once_while_there_is_no_crowd() -> None:
    """A few unanswered interactions hold nobody up."""
    pressure = Pressure(crowd=2)
    with pressure.answering():
        assert not pressure.crowded
        await asyncio.wait_for(pressure.quiet(), 0.02)


async def test_work_waits_for_a_crowd_and_goes_on_when_it_has_been_answered() -> None:
    """The last answer that makes the crowd a few again lets everybody go on."""
    pressure = Pressure(crowd=2)
    with ExitStack() as crowd:
        for _ in range(2):
            crowd.enter_context(pressure.answering())
        assert pressure.crowded
        waiting = asyncio.create_task(pressure.quiet())
        await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 1)
    assert not pressure.crowded


async def test_a_crowd_that_never_ends_does_not_stop_the_work() -> None:
    """After the longest wait the pictures of those who were answered are made all the same."""
    pressure = Pressure(crowd=1, longest_wait_s=0.01)
    with pressure.answering():
        await asyncio.wait_for(pressure.quiet(), 1)
        assert pressure.crowded


async def test_an_answer_that_fails_is_not_counted_for_ever() -> None:
    """An error leaves the count as it was."""
    pressure = Pressure(crowd=1)
    with pytest.raises(ZeroDivisionError), pressure.answering():
        _ = 1 / 0
    assert not pressure.crowded
