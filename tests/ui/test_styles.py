"""Autocompletes and the list of styles, within Discord's limits."""

from __future__ import annotations

import pytest

from bot.domain.errors import StoreError
from bot.domain.preset import Preset
from bot.localization.catalogue import ENGLISH
from bot.ui.styles import proposals, style_list
from cogs.options import quickly

FULL = [Preset(name=f"{n:02} {'n' * 29}", text="t" * 500, server=n >= 25) for n in range(75)]
WORST = [Preset(name=f"{n:02}{'*' * 30}", text="*" * 500, server=n >= 25) for n in range(75)]


def test_proposals_fit_discords_limits() -> None:
    """At most 25, each label at most 100 characters and on one line; the value is the name."""
    made = proposals([Preset(name="noir", text="black\nand " + "white " * 60), *FULL])
    assert len(made) == 25
    assert all(len(choice.name) <= 100 for choice in made)
    assert made[0].name.startswith("noir: black and white")
    assert made[0].value == "noir"


def test_short_list_shows_everything() -> None:
    """Own styles before the server's, markup as it was typed, and no file."""
    made = style_list([Preset(name="a*b", text="*bold*"), Preset(name="clay", text="clay", server=True)], ENGLISH)
    assert made.embed.description == ("**Your own**\n- **a\\*b** \\*bold\\*\n**The server's**\n- **clay** clay")
    assert made.file == b""


def test_empty_list_says_what_to_do() -> None:
    """One sentence."""
    assert "`/style save`" in (style_list([], ENGLISH).embed.description or "")


@pytest.mark.parametrize("presets", [FULL, WORST])
def test_longest_list_fits_and_is_complete_in_a_file(presets: list[Preset]) -> None:
    """Text that is cut in the embed is complete in the file."""
    made = style_list(presets, ENGLISH)
    assert 0 < len(made.embed.description or "") <= 4_096
    assert made.file.decode().count(presets[0].text) == 75


async def test_database_errors_give_no_proposals() -> None:
    """A member who is typing is shown no error."""

    async def failing() -> list[Preset]:
        raise StoreError("database is locked")

    assert await quickly(failing()) == []
