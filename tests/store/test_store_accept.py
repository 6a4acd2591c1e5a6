"""Accepting requests: once per interaction, all or nothing, never beyond a member's limit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.errors import Refusal, StoreError
from bot.domain.job import JobState, NewRequest
from bot.domain.picture import PictureSpec, Resolution
from tests.store.conftest import Opener, StoreHarness
from tests.support.build import ALICE, BOB, new_request
from tests.support.clock import START
from tests.support.refusals import refused
from tests.support.steps import Steps, Store


async def test_accepted_request_reads_back_as_it_was_ordered(store: Store) -> None:
    """Everything that a card is rendered from is stored."""
    new = new_request(prompt="schöne Grüße 🦊", resolution=Resolution.FOUR_K, private=True, count=2)
    view = await store.view(await store.accept(new))
    assert view.request.spec == PictureSpec(prompt="schöne Grüße 🦊", resolution=Resolution.FOUR_K)
    assert view.request.origin == new.origin
    assert view.request.private
    assert (view.request.token, view.request.token_expires_at) == (new.token, new.token_expires_at)
    assert view.request.created_at == START
    assert [job.position for job in view.jobs] == [0, 1]
    assert {job.state for job in view.jobs} == {JobState.QUEUED}
    assert list(view.places.values()) == [1, 2]
    assert not view.gate.closed


async def test_spoiler_and_presence_of_the_bot_are_stored(store: Store) -> None:
    """Both decide how, and by which methods, its pictures are shown later."""
    new = new_request()
    visiting = replace(new, origin=replace(new.origin, bot_present=False), spec=replace(new.spec, spoiler=True))
    request = (await store.view(await store.accept(visiting))).request
    assert (request.origin.bot_present, request.spec.spoiler) == (False, True)


async def test_same_interaction_is_accepted_once(store: Store, books: StoreHarness) -> None:
    """A command that Discord delivers twice makes one request, one job and one reserve."""
    new = new_request(interaction_id=4_242)
    assert await store.accept(new) == await store.accept(new)
    assert len(books.ledger()) == 1
    assert await store.waiting() == 1


async def test_same_interaction_twice_at_once_is_accepted_once(store: Store) -> None:
    """The two may arrive concurrently."""
    new = new_request(interaction_id=4_242)
    first, second = await asyncio.gather(store.accept(new), store.accept(new))
    assert first == second
    assert await store.waiting() == 1


async def test_same_form_is_ordered_once_though_each_submit_is_an_interaction(
    store: Store, books: StoreHarness
) -> None:
    """The existing request is returned.

    Another member's form of that number is independent; a withdrawn order does not count.
    """

    def sent_by(user_id: int) -> NewRequest:
        new = new_request(user_id=user_id)
        return replace(new, origin=replace(new.origin, form_id=77))

    [job] = (await store.view(await store.accept(sent_by(ALICE)))).jobs
    with refused(rf"picture is no\. {job.id}\."):
        await store.accept(sent_by(ALICE))
    await store.accept(sent_by(BOB))
    assert await store.sent_with(77, ALICE) == job.id
    assert len(books.ledger()) == 2
    await store.cancelled(job.id)
    assert await store.sent_with(77, ALICE) is None
    await store.accept(sent_by(ALICE))


async def test_same_interaction_is_recognised_even_when_the_queue_is_full(open_store: Opener) -> None:
    """A repeated delivery of an accepted interaction is not refused."""
    async with open_store(per_user_pending=1) as store:
        new = new_request()
        assert await store.accept(new) == await store.accept(new)


async def test_request_beyond_the_limit_is_refused_and_nothing_is_written(
    open_store: Opener, books: StoreHarness
) -> None:
    """A refused request leaves neither rows nor reserves; another member is not affected."""
    async with open_store(per_user_pending=2) as store:
        await store.accept(new_request(count=2))
        with pytest.raises(Refusal) as caught:
            await store.accept(new_request())
        assert caught.value.code == "queue_full"
        assert len(books.rows("requests")) == 1
        assert len(books.ledger()) == 2
        await store.accept(new_request(user_id=BOB))


async def test_concurrent_commands_do_not_exceed_the_limit(open_store: Opener) -> None:
    """Counting and enqueueing are one transaction: of ten at once, three find room for three."""
    async with open_store(per_user_pending=3) as store:
        answers = await asyncio.gather(*(store.accept(new_request()) for _ in range(10)), return_exceptions=True)
        assert sum(isinstance(answer, int) for answer in answers) == 3
        assert sum(isinstance(answer, Refusal) for answer in answers) == 7
        assert await store.waiting() == 3


async def test_running_jobs_leave_room_for_waiting_ones(open_store: Opener) -> None:
    """The limit counts waiting jobs, not running ones."""
    async with open_store(per_user_pending=1, per_user_running=5) as store:
        await Steps(store).running()
        await store.accept(new_request(user_id=ALICE))


async def test_request_is_stored_completely_or_not_at_all(store: Store, books: StoreHarness) -> None:
    """A job that cannot be stored rolls back its request and the reserves of its other jobs."""
    broken: NewRequest = new_request(price_microcredits=-1, count=2)
    with pytest.raises(StoreError):
        await store.accept(broken)
    assert books.rows("requests") == []
    assert books.rows("usage_daily") == []
    assert books.ledger() == []


async def test_unknown_numbers_differ_from_errors(store: Store) -> None:
    """A job that may be unknown is looked up with `find`; getting one that must exist is an error."""
    assert await store.find(999) is None
    with pytest.raises(StoreError, match="999"):
        await store.job(999)
    with pytest.raises(StoreError, match="999"):
        await store.view(999)


async def test_closed_store_raises_instead_of_waiting(open_store: Opener) -> None:
    """Calls after the close get an error; none waits for the ended thread."""
    async with open_store() as store:
        request_id = await store.accept(new_request())
    with pytest.raises(StoreError):
        await store.view(request_id)
    with pytest.raises(StoreError):
        await store.accept(new_request())


async def test_all_rows_are_there_after_reopening(open_store: Opener) -> None:
    """What was accepted is on disk: the next process reads the same rows."""
    async with open_store() as store:
        before = await store.view(await store.accept(new_request(count=3)))
    async with open_store() as store:
        assert await store.view(before.request.id) == before
