"""The confirmation before several prompts are made."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from discord import ui

from bot.domain.draft import Draft
from bot.domain.picture import PictureSpec
from bot.localization.catalogue import words_for
from bot.ui.confirm import question
from tests.support.build import ALICE
from tests.support.openapi import discords_description

Json = dict[str, Any]


def asked(*prompts: str, count: int = 1, locale: str = "en-GB") -> list[Json]:
    """The payload of the confirmation of these prompts."""
    draft = Draft(
        user_id=ALICE, kind="imagine", spec=PictureSpec(prompt="x"), prompts=prompts, private=False, count=count,
        price_microcredits=1_333_333,
    )  # fmt: skip
    view: ui.LayoutView = question(10**15, draft, words_for(locale))
    return cast("list[Json]", view.to_components())  # type: ignore[no-untyped-call]  # discord.py's own gap


def texts(components: list[Json]) -> list[str]:
    """The heading, and the list of prompts."""
    return [part["content"] for part in components[0]["components"] if part["type"] == 10]


@pytest.mark.parametrize("prompt", ["*_`~|>#" * 571, "@everyone " * 400, "\N{CAT}" * 4_000])
def test_longest_prompts_fit_into_one_message(prompt: str) -> None:
    """Eight of 4,000 characters each, with worst-case markup: valid by Discord's OpenAPI description."""
    components = asked(*[f"{prompt[:-1]}{number}" for number in range(8)], count=4)
    body = {"flags": 1 << 15, "components": components}
    assert discords_description().request_errors("POST", "/channels/{channel_id}/messages", body) == {}
    assert sum(map(len, texts(components))) <= 4_000
    assert "@everyone" not in json.dumps(components)


def test_long_prompts_are_shown_where_they_differ() -> None:
    """Their common beginning is cut except for its end."""
    common = "a very detailed scene, " * 60
    _, listed = texts(asked(f"{common}in oil", f"{common}in ink"))
    first, second = listed.split("\n")
    assert first.startswith("1. …")
    assert first.endswith("in oil")
    assert second.endswith("in ink")


def test_short_prompts_are_shown_in_full() -> None:
    """One line each, in order, with the total price on the button."""
    components = asked("a red\nbird", "a *blue* bird", count=2)
    heading, listed = texts(components)
    assert "2 prompts, 2 pictures of each: 5.33 credits in all" in heading
    assert listed == "1. a red bird\n2. a \\*blue\\* bird"
    row = components[0]["components"][-1]["components"]
    assert [(button["label"], button["custom_id"]) for button in row] == [
        ("Make all 4 for 5.33 credits", f"make_all:{10**15}"),
        ("Cancel", f"make_none:{10**15}"),
    ]


def test_confirmation_is_in_the_readers_language() -> None:
    """Words and numbers."""
    components = asked("a", "b", locale="de")
    assert "zusammen 2,67 Credits" in texts(components)[0]
    assert components[0]["components"][-1]["components"][1]["label"] == "Abbrechen"
