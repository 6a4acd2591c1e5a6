"""The form of posted pictures, as the components that are sent to Discord."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.domain.credits import MICRO
from bot.domain.errors import Refusal
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.preset import Preset
from bot.localization.catalogue import ENGLISH
from bot.ui.form_binding import Binding
from bot.ui.message_media import PostedPicture
from bot.ui.modal_fields import Fields
from bot.ui.remix_modal import Filled, Offer, RemixForm, filled

Json = dict[str, Any]


async def never(interaction: discord.Interaction[Any], filled: Filled) -> None:
    """These forms are never submitted."""
    raise AssertionError((interaction, filled))


OFFER = Offer(price=lambda _: MICRO)
BINDING = Binding(custom_id="remix-form:1", user_id=11, guild_id=5, channel_id=3, message_id=99)


def parts_of(count: int, *, name: str = "cat.png", offer: Offer | None = None) -> dict[str, Json]:
    """The fields of a form about this many pictures, by name."""
    pictures = [
        PostedPicture(url=f"https://cdn.discordapp.com/{n}", name=name, content_type=None) for n in range(count)
    ]
    form = RemixForm("Remix this", pictures, binding=BINDING, offer=offer or OFFER, submit=never, words=ENGLISH)
    labels: list[Json] = form.to_components()
    assert len(labels) <= 5
    assert all(len(label["label"]) <= 45 for label in labels)
    form.stop()
    return {label["component"]["custom_id"]: label["component"] for label in labels}


async def test_one_picture_needs_no_choice() -> None:
    """It is the form's subject."""
    assert "pictures" not in parts_of(1)


@pytest.mark.parametrize(("count", "offered", "chosen"), [(2, 2, 2), (14, 14, 14), (15, 15, 14), (40, 25, 14)])
async def test_several_pictures_are_selected_up_to_the_limit(count: int, offered: int, chosen: int) -> None:
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


async def test_each_resolution_shows_its_price() -> None:
    """Before anything is ordered."""
    options = parts_of(1)["resolution"]["options"]
    assert [option["label"] for option in options[:5]] == ["0.5K", "1K", "2K", "4K", "0.5K, 2 pictures"]
    assert [option["value"] for option in options[3:6]] == ["4K", "2x0.5K", "2x1K"]
    assert [option["description"] for option in options[3::4]] == [f"{n} credit{'s' * (n > 1)}" for n in (1, 2, 3, 4)]


async def test_options_and_available_styles_are_offered() -> None:
    """As many styles as a select can have; a remix of a private picture is private without an option."""
    styles = [Preset(name=f"style {n}", text="y" * 500) for n in range(30)]
    options = parts_of(1, offer=replace(OFFER, styles=styles))["options"]
    values = [option["value"] for option in options["options"]]
    assert values[:4] == ["private", "spoiler", "search", "image_search"]
    assert (values[4], len(values)) == ("style:style 0", 25)
    assert (options["required"], options["min_values"], options["max_values"]) == (False, 0, 25)
    assert max(len(option.get("description", "")) for option in options["options"]) <= 100
    values = [option["value"] for option in parts_of(1, offer=replace(OFFER, private=True))["options"]["options"]]
    assert values == ["spoiler", "search", "image_search"]


async def test_several_pictures_leave_no_room_for_options() -> None:
    """A form has five components, and the choice of pictures has priority."""
    assert list(parts_of(2)) == ["prompt", "pictures", "files", "size", "resolution"]


def fields(**values: list[str]) -> Fields:
    """The submitted values."""
    return Fields(values={"prompt": ["a kite"], **values}, attachments={})


def test_submitted_values_are_parsed() -> None:
    """Count and resolution are one choice; image search implies search."""
    said = filled(fields(resolution=["3x2K"], size=["16:9"], options=["private", "image_search", "style:oil"]), ())
    spec = PictureSpec(
        prompt="a kite", size="16:9", resolution=Resolution.TWO_K, google_search=True, google_image_search=True
    )
    assert said == Filled(spec=spec, references=(), count=3, private=True, style="oil")
    said = filled(fields(resolution=["0.5K"], options=["spoiler"]), ())
    spec = PictureSpec(prompt="a kite", resolution=Resolution.HALF_K, spoiler=True)
    assert said == Filled(spec=spec, references=(), count=1, private=False, style=None)


def test_two_styles_are_refused() -> None:
    """A picture has one."""
    with pytest.raises(Refusal) as caught:
        filled(fields(options=["style:oil", "style:ink"]), ())
    assert caught.value.code == "several_styles"
