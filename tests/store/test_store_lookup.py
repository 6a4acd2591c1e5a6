"""From a message back to the request that it shows."""

from __future__ import annotations

from bot.ports import Shown
from tests.support.build import CHANNEL, new_request
from tests.support.steps import Store


async def shown_at(store: Store, message_id: int | None, *, interaction_id: int) -> int:
    """A request whose message is known under this id, or whose id never reached us."""
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


async def test_a_message_whose_id_got_lost_is_found_by_its_interaction(store: Store) -> None:
    """Every answer to an interaction names it."""
    request_id = await shown_at(store, None, interaction_id=63)
    assert await store.request_of_message(903, 63) == request_id


async def test_other_messages_show_no_request(store: Store) -> None:
    """Neither their id nor their interaction is known here."""
    await shown_at(store, 904, interaction_id=64)
    assert await store.request_of_message(64, 904) is None
    assert await store.request_of_message(905, None) is None
