"""The lists of a member: running requests, pictures to collect, the gallery."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.job import JobState
from bot.ports import Shown
from bot.ports.lists import ListStore
from bot.ports.stores import Copy
from bot.store.store import SqliteStore
from tests.store.conftest import StoreHarness
from tests.support.build import ALICE, BOB, CHANNEL
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import LOST, OWNER, Steps


def copy(message_id: int) -> Copy:
    """A message that shows a picture again."""
    return Copy(message_id=message_id, channel_id=CHANNEL)


class PresetOwner:
    """A store with its lists and steps."""

    def __init__(self, store: SqliteStore) -> None:
        self.store, self.steps = store, Steps(store)
        self.lists: ListStore = store.lists

    async def ready(self, **new: str) -> int:
        """A picture that could not be posted; its message shows the earlier rows."""
        job = await self.steps.fetched(**new)
        version = (await self.store.view(job.request_id)).request.version
        shown = Shown(digest="d", version=version, edited=True, by="interaction", message_id=70, channel_id=CHANNEL)
        await self.store.ready(job.id, "nowhere to post it")
        await self.store.note_shown(job.request_id, shown)
        return job.id

    async def prompts(self, words: str = "", *, first: int = 0, most: int = 10) -> list[str]:
        """The prompts on a page of Alice's gallery."""
        page = await self.lists.gallery(ALICE, words=words, first=first, most=most)
        return [entry.request.spec.prompt for entry in page.entries]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[PresetOwner]:
    """An empty store without relevant limits."""
    clock = FakeClock()
    async with SqliteStore(
        fresh_database(tmp_path / "bot.db"), clock, per_user_running=50, per_user_pending=50
    ) as store:
        yield PresetOwner(store)


async def test_unfinished_lists_requests_with_their_position(shelf: PresetOwner) -> None:
    """Waiting, running and undecided requests of this member; no finished ones, no other member's."""
    running = await shelf.steps.running()
    uncertain = await shelf.steps.uncertain()
    await shelf.steps.delivered()
    others = await shelf.steps.queued(user_id=BOB)
    waiting = await shelf.steps.queued()
    views = await shelf.lists.unfinished(ALICE)
    assert [view.request.id for view in views] == [running.request_id, uncertain.request_id, waiting.request_id]
    assert views[-1].places == {waiting.id: 2}
    assert [view.request.id for view in await shelf.lists.unfinished(BOB)] == [others.request_id]


async def test_uncertain_job_that_was_ordered_again_is_listed_once(shelf: PresetOwner) -> None:
    """The new job replaces it; when that is done, the request is finished."""
    old = await shelf.steps.uncertain()
    new = await shelf.store.retry(old.id)
    assert new is not None
    assert [view.request.id for view in await shelf.lists.unfinished(ALICE)] == [old.request_id]
    await shelf.store.admit(OWNER, most=9)
    await shelf.store.begin_submit(new.id, OWNER)
    await shelf.store.failed(new.id, LOST, LOST.cost)
    assert await shelf.lists.unfinished(ALICE) == []


async def test_collected_picture_is_delivered_once_and_counted_once(shelf: PresetOwner, books: StoreHarness) -> None:
    """The second of two concurrent deliveries changes nothing; the day's total counted the picture when it was kept."""
    number = await shelf.ready()
    assert [view.jobs[0].id for view in await shelf.lists.uncollected(ALICE)] == [number]
    counted = books.rows("usage_daily")
    first = await shelf.lists.collected(number, copy(5))
    assert first is not None
    assert (first.state, first.attachment_id) == (JobState.DELIVERED, None)
    assert await shelf.lists.collected(number, copy(7)) is None
    assert await shelf.lists.uncollected(ALICE) == []
    assert [event for event, _ in books.events(number)].count("collected") == 1
    assert books.rows("usage_daily") == counted


async def test_collecting_does_not_change_whether_the_message_is_outdated(shelf: PresetOwner) -> None:
    """The picture went elsewhere: an up-to-date message needs no edit; one that was behind still does."""
    behind, shown = await shelf.ready(), await shelf.ready()
    view = await shelf.store.view((await shelf.store.job(shown)).request_id)
    up_to_date = Shown(digest="d", version=view.request.version, edited=True, by="interaction")
    await shelf.store.note_shown(view.request.id, up_to_date)
    await shelf.lists.collected(behind, copy(5))
    await shelf.lists.collected(shown, copy(6))
    assert await shelf.store.requests_behind() == [(await shelf.store.job(behind)).request_id]


async def test_reposting_is_in_the_history_and_changes_no_state(shelf: PresetOwner, books: StoreHarness) -> None:
    """The event has the message of the copy."""
    job = await shelf.steps.delivered()
    await shelf.lists.reposted(job.id, copy(5))
    assert books.events(job.id)[-1] == ("reposted", "delivered")
    assert books.rows("job_events")[-1]["detail"] == f"message 5 in channel {CHANNEL}"
    assert (await shelf.store.job(job.id)) == job


async def test_copies_lead_back_to_their_request(shelf: PresetOwner) -> None:
    """Collected or shown again, a message belongs to the request whose picture it shows."""
    job, kept = await shelf.steps.delivered(), await shelf.ready()
    for message_id in (5, 6):
        await shelf.lists.reposted(job.id, copy(message_id))
    await shelf.lists.collected(kept, copy(7))
    assert await shelf.store.copies(job.request_id) == [copy(5), copy(6)]
    found = [await shelf.store.request_of_message(message_id, None) for message_id in (5, 6, 7, 8)]
    assert found == [job.request_id, job.request_id, (await shelf.store.job(kept)).request_id, None]


async def test_gallery_pages_through_delivered_pictures_newest_first(shelf: PresetOwner) -> None:
    """A page is limited, and the total counts all; waiting pictures and those of others are not included."""
    for number in range(5):
        await shelf.steps.delivered(prompt=f"picture {number}")
    await shelf.steps.delivered(user_id=BOB, prompt="bob's")
    await shelf.steps.queued(prompt="not yet")
    assert await shelf.prompts(most=2) == ["picture 4", "picture 3"]
    assert await shelf.prompts(first=4, most=2) == ["picture 0"]
    assert (await shelf.lists.gallery(ALICE, words="", first=4, most=2)).total == 5


async def test_gallery_search_is_case_insensitive_for_all_letters(shelf: PresetOwner) -> None:
    """Umlauts are folded too, and SQL's wildcards are plain characters."""
    await shelf.steps.delivered(prompt="Ein ÜBERGROSSER Vogel")
    await shelf.steps.delivered(prompt="100% corgi")
    assert await shelf.prompts("übergroß") == ["Ein ÜBERGROSSER Vogel"]
    assert await shelf.prompts("0%") == ["100% corgi"]
    assert await shelf.prompts("1_0") == []


async def test_deleted_pictures_leave_the_gallery(shelf: PresetOwner) -> None:
    """Their message is deleted."""
    job = await shelf.steps.delivered()
    await shelf.store._writer.run(
        lambda db: db.conn.execute("UPDATE requests SET deleted_at = 1 WHERE id = ?", (job.request_id,)).close()
    )
    assert await shelf.prompts() == []
