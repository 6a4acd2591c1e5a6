"""Answers that are open: noted for a crowd at little cost, and told by the next process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.domain.errors import Refusal, StoreError
from bot.interactions.pending_responses import PendingResponses
from bot.ops.backpressure import Backpressure
from bot.ports.pending_responses import PendingResponse
from tests.support.clock import START, FakeClock


class Kept:
    """Implements PendingResponseStore in memory; scripted errors come first."""

    def __init__(self) -> None:
        self.open: dict[int, PendingResponse] = {}
        self.writes = 0
        self.errors: deque[StoreError] = deque()

    async def note(self, opened: Collection[PendingResponse], closed: Collection[int]) -> None:
        """One write, however many there are."""
        self.writes += 1
        if self.errors:
            raise self.errors.popleft()
        self.open |= {answer.interaction_id: answer for answer in opened}
        for interaction_id in closed:
            self.open.pop(interaction_id, None)

    async def left_open(self) -> list[PendingResponse]:
        """In the order of their interactions."""
        return [self.open[interaction_id] for interaction_id in sorted(self.open)]


class Told:
    """Notes who was told; scripted errors come first."""

    def __init__(self) -> None:
        self.interactions: list[int] = []
        self.errors: deque[Exception] = deque()

    async def __call__(self, answer: PendingResponse) -> None:
        """Tell one."""
        if self.errors:
            raise self.errors.popleft()
        self.interactions.append(answer.interaction_id)


def process(kept: Kept, told: Told, clock: FakeClock) -> PendingResponses:
    """What one life of the bot knows of them."""
    return PendingResponses(store=kept, notify=told, backpressure=Backpressure(), clock=clock)


def interaction(number: int) -> discord.Interaction[Any]:
    """What is looked at of one."""
    seen = SimpleNamespace(
        id=number,
        application_id=7,
        token=f"token {number}",
        expires_at=START + timedelta(minutes=15),
        locale=discord.Locale.german,
    )
    return cast("discord.Interaction[Any]", seen)


async def served(answers: PendingResponses, number: int) -> None:
    """Be stored a little later."""
    with answers.noted(interaction(number)):
        for _ in range(20):
            await asyncio.sleep(0)


async def test_a_crowd_shares_its_writes_and_leaves_nothing_open() -> None:
    """A hundred that come together are two writes: that they are open, and that they are not."""
    kept, clock = Kept(), FakeClock()
    answers = process(kept, Told(), clock)
    await asyncio.gather(*(served(answers, number) for number in range(100)))
    await answers.close()
    assert (kept.open, kept.writes) == ({}, 2)


@pytest.mark.parametrize("error", [Refusal("no_picture"), ValueError("a bug")])
async def test_what_failed_was_told_and_is_not_open(error: Exception) -> None:
    """Its own answer says so."""
    kept, clock = Kept(), FakeClock()
    answers = process(kept, Told(), clock)

    async def fail() -> None:
        with answers.noted(interaction(7)):
            await settled(answers)
            raise error

    with pytest.raises(type(error)):
        await fail()
    await answers.close()
    assert kept.open == {}


async def test_what_a_stop_cuts_off_is_told_by_the_next_process() -> None:
    """It stays open; in the next life it is told once."""
    kept, clock, told = Kept(), FakeClock(), Told()
    answers = process(kept, told, clock)
    cut_off = asyncio.create_task(served(answers, 7))
    await asyncio.sleep(0)
    cut_off.cancel()
    await asyncio.gather(cut_off, return_exceptions=True)
    await answers.close()
    assert list(kept.open) == [7]
    next_life = process(kept, told, clock)
    await next_life.recover()
    await settled(next_life)
    await process(kept, told, clock).recover()
    assert (told.interactions, kept.open) == ([7], {})


async def test_trouble_is_waited_out_for_as_long_as_the_token_lives() -> None:
    """A network that breaks, then not; where it lasts, Discord itself has told the member by then."""
    kept, clock, told = Kept(), FakeClock(), Told()
    await served_by_nobody(kept, clock, 7)
    told.errors += [aiohttp.ClientError("cut")] * 3
    answers = process(kept, told, clock)
    await answers.recover()
    await settled(answers)
    assert (told.interactions, kept.open) == ([7], {})
    await served_by_nobody(kept, clock, 8)
    told.errors += [aiohttp.ClientError("cut")] * 1_000
    answers = process(kept, told, clock)
    await answers.recover()
    await settled(answers)
    assert (told.interactions, kept.open) == ([7], {})


async def test_what_this_process_serves_is_not_told_by_its_own_recovery() -> None:
    """Commands come while the last process's traces are still being looked at."""
    kept, clock, told = Kept(), FakeClock(), Told()
    answers = process(kept, told, clock)
    with answers.noted(interaction(7)):
        await settled(answers)
        await answers.recover()
        await settled(answers)
    assert told.interactions == []


async def test_a_database_in_trouble_holds_up_no_order() -> None:
    """That an answer is open is only worth noting."""
    kept, clock = Kept(), FakeClock()
    kept.errors.append(StoreError("disk full"))
    answers = process(kept, Told(), clock)
    await served(answers, 7)
    await answers.close()
    assert kept.open == {}


async def served_by_nobody(kept: Kept, clock: FakeClock, number: int) -> None:
    """Leave one open, as a kill does."""
    answers = process(kept, Told(), clock)
    cut_off = asyncio.create_task(served(answers, number))
    await asyncio.sleep(0)
    cut_off.cancel()
    await asyncio.gather(cut_off, return_exceptions=True)
    await answers.close()


async def settled(answers: PendingResponses) -> None:
    """Wait until nothing is under way."""
    async with asyncio.timeout(10):
        while answers._tasks:
            await answers._tasks.drain(1)
