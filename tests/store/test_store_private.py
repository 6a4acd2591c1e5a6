"""Requests that become private while they wait: the public message left behind, and late deliveries to it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.job import JobState
from bot.ports import Submission, TokenLease
from bot.ports.moves import LeftMessage
from tests.store.conftest import StoreHarness
from tests.support.build import CHANNEL, PICTURE, new_request
from tests.support.clock import START, FakeClock
from tests.support.steps import OWNER, Steps, Store

PRESSED, LATER = 808, START + timedelta(minutes=20)


async def move(store: Store, request_id: int, press: str = "of the press") -> bool:
    """Request it on a message; each press has its own token."""
    return await store.moves.move_to_private(request_id, TokenLease(token=press, expires_at=LATER, message_id=PRESSED))


async def test_request_continues_with_the_token_of_the_press(store: Store, steps: Steps, books: StoreHarness) -> None:
    """The new message is not known yet; the old one is stored with the token that deletes it."""
    job = await steps.running()
    assert await move(store, job.request_id)
    request = (await store.view(job.request_id)).request
    assert (request.private, request.token, request.token_expires_at) == (True, "of the press", LATER)
    assert (request.message_id, request.message_by, request.shown, request.edits) == (None, "", "", 0)
    assert job.request_id in await store.requests_behind()
    [left] = await store.moves.left(job.request_id)
    assert left == LeftMessage(
        message_id=PRESSED, channel_id=CHANNEL, by="interaction", apart=False, token="interaction-token",
        token_expires_at=START + timedelta(minutes=15),
    )  # fmt: skip
    assert books.events(job.id)[-1] == ("made private", "running")
    await store.moves.removed(PRESSED)
    assert await store.moves.left(job.request_id) == []


@pytest.mark.parametrize("state", ["uncertain", "fetched", "delivered"])
async def test_request_that_no_longer_waits_stays_public(state: str, store: Store, steps: Steps) -> None:
    """Everyone has seen it, or is about to."""
    job = await getattr(steps, state)()
    assert not await move(store, job.request_id)
    assert not (await store.view(job.request_id)).request.private


async def test_of_two_clicks_one_counts(store: Store, steps: Steps) -> None:
    """Its token edits the private response; the other's response says so."""
    job = await steps.queued()
    moved = await asyncio.gather(*(move(store, job.request_id, name) for name in ("first", "second")))
    assert moved == [True, False]
    assert (await store.view(job.request_id)).request.token == "first"
    assert len(await store.moves.left(job.request_id)) == 1


async def test_shown_pictures_are_shown_again(store: Store, steps: Steps) -> None:
    """The private message has no attachment yet; they stay delivered."""
    view = await store.view(await store.accept(new_request(count=2)))
    first, second = view.jobs
    await _made(store, first.id)
    await store.note_shown(view.request.id, await steps.shown_with(await store.job(first.id)))
    assert await move(store, view.request.id)
    shown = await store.job(first.id)
    assert (shown.state, shown.attachment_id, shown.attachment_name) == (JobState.DELIVERED, None, "")
    assert (await store.job(second.id)).state is JobState.QUEUED


async def test_delivery_to_the_old_message_does_not_count(store: Store, steps: Steps) -> None:
    """A picture that was being posted when its request became private is delivered privately; its message is left."""
    view = await store.view(await store.accept(new_request(count=2)))
    first = view.jobs[0]
    await _made(store, first.id)
    shown = await steps.shown_with(await store.job(first.id))
    assert await move(store, view.request.id)
    await store.note_shown(view.request.id, shown)
    assert (await store.job(first.id)).state is JobState.FETCHED
    request = (await store.view(view.request.id)).request
    assert (request.message_id, request.shown) == (None, "")
    assert view.request.id in await store.requests_behind()
    left = await store.moves.left(view.request.id)
    assert [message.message_id for message in left] == [shown.message_id, PRESSED]


@pytest.mark.parametrize("present", [True, False])
async def test_request_stays_public_if_its_message_could_not_be_deleted(
    present: bool, store: Store, clock: FakeClock
) -> None:
    """In a user install only the first token deletes the message.

    Where the bot is a member it can delete it at any time.
    """
    new = new_request()
    request_id = await store.accept(replace(new, origin=replace(new.origin, bot_present=present)))
    clock.shift(16 * 60)
    assert await move(store, request_id) is present


async def test_press_on_the_left_message_does_not_restore_it(store: Store, steps: Steps) -> None:
    """Cancel, pressed on the public card while it is being deleted: its token would edit that one."""
    job = await steps.queued()
    await move(store, job.request_id)
    late = TokenLease(token="of the public card", expires_at=LATER, message_id=PRESSED)
    await store.renew_token(job.request_id, late)
    assert (await store.view(job.request_id)).request.token == "of the press"
    shown = replace(await steps.shown_with(job), private=True)
    await store.note_shown(job.request_id, shown)
    for message_id, token in ((PRESSED, "of the press"), (shown.message_id, "of the private card")):
        await store.renew_token(job.request_id, TokenLease(token=token, expires_at=LATER, message_id=message_id))
        assert (await store.view(job.request_id)).request.token == token


async def test_tokens_of_left_messages_are_deleted_in_time(store: Store, clock: FakeClock) -> None:
    """No token is stored longer than it is valid."""
    request_id = await store.accept(new_request())
    await move(store, request_id)
    clock.shift(16 * 60)
    await store.wipe_expired_tokens()
    assert [left.token for left in await store.moves.left(request_id)] == [None]


async def _made(store: Store, job_id: int) -> None:
    """Take one of several jobs to its picture."""
    await store.admit(OWNER, most=1)
    await store.begin_submit(job_id, OWNER)
    await store.submitted(job_id, OWNER, Submission(task_id=f"task-{job_id}"), None)
    await store.fetched(job_id, f"{job_id}.png", PICTURE)
