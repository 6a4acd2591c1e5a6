"""Drafts, orders that need a confirmation: made once and completely, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.credits import MICRO
from bot.domain.draft import Draft, interaction_id_of
from bot.domain.job import NewReference, NewRequest
from bot.domain.picture import PictureSpec, Resolution
from bot.store.store import SqliteStore
from tests.store.conftest import Opener, StoreHarness
from tests.support.build import ALICE, BOB, new_request
from tests.support.clock import FakeClock
from tests.support.refusals import refused

DRAFT = Draft(
    user_id=ALICE,
    kind="remix",
    spec=PictureSpec(
        prompt="a {red, blue} bird",
        size="16:9",
        resolution=Resolution.TWO_K,
        google_search=True,
        spoiler=True,
        style="noir",
        style_text="black and white",
    ),
    prompts=("a red bird", "a blue bird"),
    private=True,
    count=2,
    price_microcredits=1_333_333,
    references=(
        NewReference(url="https://cdn.test/a.png", name="a.png"),
        NewReference(url="", name="x", file_name="7.png"),
    ),
)


@pytest.fixture
def store(open_store: Opener) -> SqliteStore:
    """A store in which six jobs of a member may wait."""
    return open_store(per_user_pending=6)


def requests_of(draft_id: int, *, count: int = 2) -> list[NewRequest]:
    """The requests of a draft with two prompts."""
    return [
        replace(new_request(count=count, interaction_id=interaction_id_of(draft_id, position)), apart=True)
        for position in range(2)
    ]


async def test_draft_reads_back_as_it_was_stored(store: SqliteStore) -> None:
    """Prompts, settings, references and price; its total is the cost of all pictures."""
    async with store:
        draft_id = await store.drafts.add(DRAFT, new_request().origin)
        assert await store.drafts.find(draft_id) == DRAFT
        assert await store.drafts.find(draft_id + 1) is None
    assert (DRAFT.pictures, DRAFT.total_microcredits) == (4, 4 * 1_333_333)
    assert [spec.prompt for spec in DRAFT.specs] == ["a red bird", "a blue bird"]


async def test_every_prompt_becomes_a_request_once(store: SqliteStore, books: StoreHarness) -> None:
    """Each with its jobs and reserves; a second confirmation, and a cancel after it, find it answered."""
    async with store:
        draft_id = await store.drafts.add(DRAFT, new_request().origin)
        made = await store.drafts.accept(draft_id, requests_of(draft_id))
        assert made == [1, 2]
        assert await store.drafts.accept(draft_id, requests_of(draft_id)) is None
        assert not await store.drafts.drop(draft_id, DRAFT.user_id)
        assert await store.drafts.find(draft_id) is None
        assert [(await store.view(request_id)).request.unseen for request_id in made] == [True, True]
        assert await store.requests_behind() == made
    assert books.ledger() == [("reserve", MICRO)] * 4


async def test_without_room_for_all_nothing_is_made(store: SqliteStore, books: StoreHarness) -> None:
    """The limit includes jobs that already wait; the draft can be confirmed again when there is room."""
    async with store:
        waiting = await store.accept(new_request(count=3))
        draft_id = await store.drafts.add(DRAFT, new_request().origin)
        with refused("3 pictures waiting"):
            await store.drafts.accept(draft_id, requests_of(draft_id))
        assert len(books.rows("requests")) == 1
        await store.cancelled((await store.view(waiting)).jobs[0].id)
        assert await store.drafts.accept(draft_id, requests_of(draft_id)) is not None


async def test_dropped_draft_is_not_made(store: SqliteStore, books: StoreHarness) -> None:
    """After a cancel, a confirmation is too late."""
    async with store:
        draft_id = await store.drafts.add(DRAFT, new_request().origin)
        assert await store.drafts.drop(draft_id, DRAFT.user_id)
        assert not await store.drafts.drop(draft_id, DRAFT.user_id)
        assert await store.drafts.accept(draft_id, requests_of(draft_id)) is None
    assert books.rows("requests") == []


async def test_only_its_own_member_answers_a_draft(store: SqliteStore, books: StoreHarness) -> None:
    """Another member who sends its number can neither confirm nor cancel, and nothing is made."""
    async with store:
        draft_id = await store.drafts.add(DRAFT, new_request().origin)
        assert not await store.drafts.drop(draft_id, BOB)
        assert await store.drafts.accept(draft_id, [new_request(user_id=BOB)]) is None
        assert await store.drafts.find(draft_id) == DRAFT
    assert books.rows("requests") == []


async def test_old_drafts_are_deleted_and_their_numbers_not_reused(store: SqliteStore, clock: FakeClock) -> None:
    """An old button must not order another member's new draft."""
    async with store:
        old = await store.drafts.add(DRAFT, new_request().origin)
        clock.advance(timedelta(days=2).total_seconds())
        assert await store.drafts.forget(clock.now() - timedelta(days=1)) == 1
        assert await store.drafts.find(old) is None
        assert await store.drafts.add(DRAFT, new_request().origin) > old
