"""From a message to the request it shows, and access to a picture by its number."""

from __future__ import annotations

from bot.domain.job import Viewer
from bot.ports import Shown
from bot.ports.stores import Copy
from tests.store.test_store_lists import PresetOwner, shelf
from tests.support.build import ALICE, BOB, CHANNEL, new_request
from tests.support.steps import Store

__all__ = ["shelf"]  # a fixture

ELSEWHERE = CHANNEL + 1


async def shown_at(store: Store, message_id: int | None, *, interaction_id: int) -> int:
    """A request whose message has this id, or whose message id is unknown."""
    request_id = await store.accept(new_request(interaction_id=interaction_id))
    shown = Shown(digest="d", version=1, edited=False, by="interaction", message_id=message_id, channel_id=CHANNEL)
    await store.note_shown(request_id, shown)
    return request_id


async def test_a_request_is_found_by_its_message(store: Store) -> None:
    """Among others, whatever else is known of the message."""
    first = await shown_at(store, 901, interaction_id=61)
    second = await shown_at(store, 902, interaction_id=62)
    assert await store.request_of_message(901, None) == first
    assert await store.request_of_message(902, None) == second
    assert await store.request_of_message(902, 61) == second


async def test_message_with_an_unknown_id_is_found_by_its_interaction(store: Store) -> None:
    """Every response to an interaction names it."""
    request_id = await shown_at(store, None, interaction_id=63)
    assert await store.request_of_message(903, 63) == request_id


async def test_other_messages_show_no_request(store: Store) -> None:
    """Neither their id nor their interaction is stored."""
    await shown_at(store, 904, interaction_id=64)
    assert await store.request_of_message(64, 904) is None
    assert await store.request_of_message(905, None) is None


async def seen(store: Store, job_id: int) -> set[tuple[int, int]]:
    """Which of two members can access a picture by its number, in each of two channels."""
    pairs = [(user_id, channel_id) for user_id in (ALICE, BOB) for channel_id in (CHANNEL, ELSEWHERE)]
    viewers = {pair: Viewer(user_id=pair[0], channel_id=pair[1]) for pair in pairs}
    return {pair for pair, viewer in viewers.items() if await store.find_within_reach(job_id, viewer)}


HERS = {(ALICE, CHANNEL), (ALICE, ELSEWHERE)}


async def test_public_picture_is_accessible_to_its_member_and_in_its_channel(shelf: PresetOwner) -> None:
    """No other access works by number; where it is shown again, its buttons work, too."""
    job = await shelf.steps.delivered()
    assert await seen(shelf.store, job.id) == HERS | {(BOB, CHANNEL)}
    await shelf.lists.reposted(job.id, Copy(message_id=5, channel_id=ELSEWHERE))
    assert await seen(shelf.store, job.id) == HERS | {(BOB, CHANNEL), (BOB, ELSEWHERE)}


async def test_private_picture_is_accessible_only_to_its_member(shelf: PresetOwner) -> None:
    """A client may send any number, but gets no prompt."""
    job = await shelf.steps.delivered(private=True)
    assert await seen(shelf.store, job.id) == HERS


async def test_picture_kept_for_its_member_is_accessible_to_no_one_else(shelf: PresetOwner) -> None:
    """It was never shown in the channel, though its request was."""
    assert await seen(shelf.store, await shelf.ready()) == HERS


async def test_unknown_number_finds_nothing(store: Store) -> None:
    """No member can access it in any channel."""
    assert await seen(store, 4_711) == set()
