"""Lists stay within Discord's limits, and their buttons carry all state."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from discord import ui

from bot.domain.job import JobState, RequestView
from bot.domain.picture import PictureSpec
from bot.localization.catalogue import ENGLISH
from bot.ports.lists import GalleryEntry, GalleryPage
from bot.ui.lists import MAX_FILTER_CHARACTERS, GalleryButton, gallery_view, jump_link, queue_view, short_prompt
from bot.ui.text import quoted_prompt
from tests.support.build import GUILD, a_job, a_request, a_view
from tests.support.openapi import discords_description

LONG = PictureSpec(prompt="*_`~|>#" * 571)


def waiting(number: int) -> RequestView:
    """A waiting request with a worst-case prompt."""
    return a_view(a_job(job_id=number), request=a_request(spec=LONG), places={number: number})


def entries(count: int) -> GalleryPage:
    """A gallery page with worst-case prompts."""
    entry = GalleryEntry(job=replace(a_job(JobState.DELIVERED), attachment_id=5), request=a_request(spec=LONG))
    return GalleryPage(entries=[entry] * min(count, 5), total=count)


def components_of(view: ui.LayoutView) -> object:
    """The JSON that is sent."""
    to_components: Callable[[], object] = view.to_components  # discord.py leaves its return type open
    return to_components()


@pytest.mark.parametrize(
    "view",
    [
        queue_view([], ENGLISH),
        queue_view([waiting(n) for n in range(1, 40)], ENGLISH),
        gallery_view(entries(1_000), 50, "ß" * 60, ENGLISH, thumbnails=[7]),
    ],
    ids=["nothing", "a long queue", "a large gallery"],
)
def test_lists_keep_within_discords_limits(view: ui.LayoutView) -> None:
    """Valid by Discord's OpenAPI description; at most 4,000 characters and 40 components, custom ids of at most 100."""
    components = components_of(view)
    body = {"flags": 1 << 15, "components": components}
    assert discords_description().request_errors("POST", "/channels/{channel_id}/messages", body) == {}
    text = json.dumps(components, ensure_ascii=False)
    assert text.count('"type"') <= 40
    assert sum(len(part) for part in _values(components, "content")) <= 4_000
    assert all(len(custom_id) <= 100 for custom_id in _values(components, "custom_id"))


def test_long_queue_says_how_many_are_left_out() -> None:
    """The entries that do not fit are counted."""
    contents = _values(components_of(queue_view([waiting(n) for n in range(1, 40)], ENGLISH)), "content")
    assert contents[-1].startswith("-# and ")


def test_longest_filter_round_trips_through_its_button() -> None:
    """Colons and any letter are part of the filter."""
    words = ("a:ü☃" * 20)[:MAX_FILTER_CHARACTERS]
    custom_id = GalleryButton(123_456, words, "Older").item.custom_id or ""
    found = GalleryButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    assert found is not None
    assert (found["page"], found["words"]) == ("123456", words)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, f"https://discord.com/channels/{GUILD}/6/99"),
        ({"message_by": "dm"}, "https://discord.com/channels/@me/6/99"),
        ({"message_id": None}, None),
        ({"private": True}, None),
    ],
)
def test_link_leads_only_to_a_persistent_message(changes: dict[str, object], expected: str | None) -> None:
    """A private response disappears with the client's session, so there is no link to it."""
    assert jump_link(replace(a_request(), **changes)) == expected  # type: ignore[arg-type]  # of mixed types


def _values(node: object, key: str) -> list[str]:
    """Every text under this key, in order."""
    if isinstance(node, dict):
        own = [node[key]] if isinstance(node.get(key), str) else []
        return own + [found for child in node.values() for found in _values(child, key)]
    if isinstance(node, list):
        return [found for child in node for found in _values(child, key)]
    return []


def test_deleted_prompt_is_shown_as_an_ellipsis() -> None:
    """Discord accepts no empty text, and a line without text would look like an error."""
    wiped = a_request(spec=PictureSpec(prompt=""))
    assert (short_prompt(wiped), quoted_prompt(wiped.spec)) == ("…", "…")
