"""Pending responses: recorded while their order waits to be stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.errors import Refusal
from bot.ports.pending_responses import PendingResponse, PendingResponseStore
from bot.store.store import SqliteStore
from tests.support.build import new_request
from tests.support.clock import FakeClock


def answer(interaction_id: int, clock: FakeClock) -> PendingResponse:
    """A response whose token is valid for 15 minutes."""
    return PendingResponse(
        interaction_id=interaction_id,
        application_id=4,
        token=f"token {interaction_id}",
        expires_at=clock.now() + timedelta(minutes=15),
        locale="de",
    )


@pytest.fixture
def answers(store: SqliteStore) -> PendingResponseStore:
    """Their store."""
    return store.answers


async def test_response_is_pending_until_it_is_closed(answers: PendingResponseStore, clock: FakeClock) -> None:
    """Oldest first, and as recorded; recorded twice it is one."""
    first, second = answer(7, clock), answer(8, clock)
    await answers.note([second, first], [])
    await answers.note([first], [])
    assert await answers.left_open() == [first, second]
    await answers.note([], [7, 99])
    assert await answers.left_open() == [second]


async def test_stored_order_closes_its_response_in_any_order(
    store: SqliteStore, answers: PendingResponseStore, clock: FakeClock
) -> None:
    """In the same transaction; a refused order leaves it pending until its member is notified."""
    await answers.note([answer(7, clock)], [])
    await store.accept(new_request(interaction_id=7))
    await store.accept(new_request(interaction_id=8))
    await answers.note([answer(8, clock)], [])
    assert await answers.left_open() == []
    await answers.note([answer(9, clock)], [])
    with pytest.raises(Refusal):
        await store.accept(new_request(interaction_id=9, count=99))
    assert [left.interaction_id for left in await answers.left_open()] == [9]


async def test_response_with_an_expired_token_is_deleted(
    store: SqliteStore, answers: PendingResponseStore, clock: FakeClock
) -> None:
    """With the other tokens of that age."""
    await answers.note([answer(7, clock)], [])
    clock.advance(900)
    await store.wipe_expired_tokens()
    assert await answers.left_open() == []
