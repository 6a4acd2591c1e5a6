"""The event that wakes admission."""

from __future__ import annotations

import asyncio

from bot.queue.wakeup import Wakeup


async def test_several_calls_before_a_wait_count_as_one() -> None:
    """The first wait returns at once, the second one at the next call."""
    wakeup = Wakeup()
    wakeup.wake()
    wakeup.wake()
    await wakeup.wait()
    second = asyncio.create_task(wakeup.wait())
    await asyncio.sleep(0)
    assert not second.done()
    wakeup.wake()
    await second


async def test_a_call_is_kept_when_the_wait_is_cancelled() -> None:
    """A wait that is cancelled at the same time as a call loses nothing: the next one returns at once."""
    wakeup = Wakeup()
    waiting = asyncio.create_task(wakeup.wait())
    await asyncio.sleep(0)
    wakeup.wake()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    await wakeup.wait()
