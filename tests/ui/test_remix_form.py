"""The form of posted pictures, as the components that are sent to Discord."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.domain.credits import MICRO
from bot.ui.posted import PostedPicture
from bot.ui.remix_form import Filled, RemixForm

Json = dict[str, Any]


async def never(interaction: discord.Interaction[Any], filled: Filled) -> None:
    """Nobody sends these forms."""
    raise AssertionError((interaction, filled))


def parts_of(count: int, *, name: str = "cat.png") -> dict[str, Json]:
    """The fields of a form about so many pictures, by their names."""
    pictures = [
        PostedPicture(url=f"https://cdn.discordapp.com/{n}", name=name, content_type=None) for n in range(count)
    ]
    form = RemixForm("Remix this", pictures, interaction_id=1, price=lambda _: MICRO, submit=never)
    labels: list[Json] = form.to_components()
    assert len(labels) <= 5
    assert all(len(label["label"]) <= 45 for label in labels)
    form.stop()
    return {label["component"]["custom_id"]: label["component"] for label in labels}


async def test_one_picture_needs_no_choice() -> None:
    """It is what the form is about."""
    assert "pictures" not in parts_of(1)


@pytest.mark.parametrize(("count", "offered", "chosen"), [(2, 2, 2), (14, 14, 14), (15, 15, 14), (40, 25, 14)])
async def test_of_several_pictures_as_many_are_chosen_as_may_be(count: int, offered: int, chosen: int) -> None:
    """A select has room for 25, a request for 14."""
    select = parts_of(count)["pictures"]
    assert len(select["options"]) == offered
    assert [option.get("default", False) for option in select["options"]].count(True) == chosen
    assert (select["min_values"], select["max_values"]) == (1, chosen)
    assert len({option["value"] for option in select["options"]}) == offered


async def test_long_names_are_cut() -> None:
    """A choice's label has at most 100 characters."""
    select = parts_of(2, name="x" * 200)["pictures"]
    assert {len(option["label"]) for option in select["options"]} == {100}


async def test_each_resolution_says_its_price() -> None:
    """Before anything is ordered."""
    options = parts_of(1)["resolution"]["options"]
    assert [option["label"] for option in options] == ["0.5K", "1K", "2K", "4K"]
    assert {option["description"] for option in options} == {"1 credit"}
