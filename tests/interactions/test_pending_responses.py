"""Pending responses: stored in batches, and reported to their members by the next process after a crash."""

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
    """Implements PendingResponseStore in memory; scripted errors are raised first."""

    def __init__(self) -> None:
        self.open: dict[int, PendingResponse] = {}
        self.writes = 0
        self.errors: deque[StoreError] = deque()

    async def note(self, opened: Collection[PendingResponse], closed: Collection[int]) -> None:
        """One write for any number of responses."""
        self.writes += 1
        if self.errors:
            raise self.errors.popleft()
        self.open |= {answer.interaction_id: answer for answer in opened}
        for interaction_id in closed:
            self.open.pop(interaction_id, None)

    async def left_open(self) -> list[PendingResponse]:
        """Ordered by interaction id."""
        return [self.open[interaction_id] for interaction_id in sorted(self.open)]


class Told:
    """Records who was notified; scripted errors are raised first."""

    def __init__(self) -> None:
        self.interactions: list[int] = []
        self.errors: deque[Exception] = deque()

    async def __call__(self, answer: PendingResponse) -> None:
        """Notify one member."""
        if self.errors:
            raise self.errors.popleft()
        self.interactions.append(answer.interaction_id)


def process(kept: Kept, told: Told, clock: FakeClock) -> PendingResponses:
    """A tracker, as one process of the bot has it."""
    return PendingResponses(store=kept, notify=told, backpressure=Backpressure(), clock=clock)


def interaction(number: int) -> discord.Interaction[Any]:
    """The fields of an interaction that the tracker reads."""
    seen = SimpleNamespace(
        id=number,
        application_id=7,
        token=f"token {number}",
        expires_at=START + timedelta(minutes=15),
        locale=discord.Locale.german,
    )
    return cast("discord.Interaction[Any]", seen)


async def served(answers: PendingResponses, number: int) -> None:
    """Store the order a little later."""
    with answers.noted(interaction(number)):
        for _ in range(20):
            await asyncio.sleep(0)


async def test_burst_shares_its_writes_and_leaves_nothing_pending() -> None:
    """A hundred responses at once are two writes: pending, and done."""
    kept, clock = Kept(), FakeClock()
    answers = process(kept, Told(), clock)
    await asyncio.gather(*(served(answers, number) for number in range(100)))
    await answers.close()
    assert (kept.open, kept.writes) == ({}, 2)


@pytest.mark.parametrize("error", [Refusal("no_picture"), ValueError("a bug")])
async def test_failed_command_was_answered_and_is_not_pending(error: Exception) -> None:
    """Its own response reports the failure."""
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


async def test_responses_cut_off_by_a_stop_are_reported_by_the_next_process() -> None:
    """They stay pending; the next process notifies the member once."""
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


async def test_network_errors_are_retried_while_the_token_is_valid() -> None:
    """A network that recovers is retried; if it does not, Discord itself has shown a failure by then."""
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


async def test_recovery_ignores_interactions_of_this_process() -> None:
    """Commands arrive while the previous process's rows are still being read."""
    kept, clock, told = Kept(), FakeClock(), Told()
    answers = process(kept, told, clock)
    with answers.noted(interaction(7)):
        await settled(answers)
        await answers.recover()
        await settled(answers)
    assert told.interactions == []


async def test_failing_database_delays_no_order() -> None:
    """Recording a pending response is optional."""
    kept, clock = Kept(), FakeClock()
    kept.errors.append(StoreError("disk full"))
    answers = process(kept, Told(), clock)
    await served(answers, 7)
    await answers.close()
    assert kept.open == {}


async def served_by_nobody(kept: Kept, clock: FakeClock, number: int) -> None:
    """Leave one pending, as a kill does."""
    answers = process(kept, Told(), clock)
    cut_off = asyncio.create_task(served(answers, number))
    await asyncio.sleep(0)
    cut_off.cancel()
    await asyncio.gather(cut_off, return_exceptions=True)
    await answers.close()


async def settled(answers: PendingResponses) -> None:
    """Wait until nothing is running."""
    async with asyncio.timeout(10):
        while answers._tasks:
            await answers._tasks.drain(1)
