"""Presets: what may be saved, and which one a name refers to."""

from __future__ import annotations

import pytest

from bot.domain.errors import Refusal
from bot.domain.picture import MAX_PROMPT_CHARACTERS, PictureSpec
from bot.domain.policy import with_style
from bot.domain.preset import Preset, checked_preset, chosen, offered
from tests.support.refusals import refused, told

NOIR = Preset(name="Film noir", text="high contrast, black and white")
NEON = Preset(name="neon", text="neon signs in rain")
SERVER_NEON = Preset(name="NEON", text="the server's neon", server=True)
CLAY = Preset(name="clay", text="as if made of clay", server=True)
ALL = [NOIR, NEON, SERVER_NEON, CLAY]


def test_name_and_text_are_cleaned() -> None:
    """Surrounding blanks and control characters are removed; a name is one line, a text may have several."""
    assert checked_preset("  film \n noir\0 ", " dark\nwet \x07", server=False) == Preset(
        name="film noir", text="dark\nwet"
    )


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        (" ", "x", "empty_style"),
        ("x", "\0", "empty_style"),
        ("n" * 33, "x", "long_style"),
        ("x", "t" * 501, "long_style"),
    ],
)
def test_bad_presets_are_refused(name: str, text: str, code: str) -> None:
    """A preset has a name of 1 to 32 and a text of 1 to 500 characters."""
    with pytest.raises(Refusal) as caught:
        checked_preset(name, text, server=True)
    assert caught.value.code == code


def test_longest_preset_is_accepted() -> None:
    """The limits are inclusive."""
    kept = checked_preset("n" * 32, "t" * 500, server=False)
    assert (len(kept.name), len(kept.text)) == (32, 500)


@pytest.mark.parametrize("typed", ["film noir", "FILM  NOIR", " Film noir "])
def test_lookup_ignores_case_and_blanks(typed: str) -> None:
    """A name is found however it is typed."""
    assert chosen(typed, ALL) is NOIR


@pytest.mark.parametrize("order", [ALL, ALL[::-1]])
def test_own_preset_has_priority_over_the_servers(order: list[Preset]) -> None:
    """Of two with one name, the member's own is used, and only it is offered."""
    assert chosen("neon", order) is NEON
    assert offered("neo", order) == [NEON]


@pytest.mark.parametrize(
    ("typed", "near"), [("noir", ["Film noir"]), ("neom", ["neon"]), ("n", ["Film noir", "neon"]), ("qqq", [])]
)
def test_unknown_name_gets_similar_ones(typed: str, near: list[str]) -> None:
    """The sentence repeats the typed name, lists similar ones, and says where all are listed."""
    with pytest.raises(Refusal) as caught:
        chosen(typed, ALL)
    said = told(caught.value)
    assert f"no style “{typed}”" in said
    assert [name for name in ("Film noir", "neon", "clay") if f"“{name}”" in said] == near
    assert "`/style list`" in said


def test_endless_name_is_cut_in_the_sentence() -> None:
    """The sentence fits into a message for any input."""
    with pytest.raises(Refusal) as caught:
        chosen("x" * 6_000, ALL)
    assert len(told(caught.value)) < 200


def test_proposals_start_with_prefix_matches() -> None:
    """They come before names that contain the text; an empty text matches all."""
    mono = Preset(name="no colour", text="grey")
    assert offered("no", [*ALL, mono]) == [mono, NOIR]
    assert offered("", ALL) == [CLAY, NOIR, NEON]


def test_style_is_appended_to_the_prompt() -> None:
    """The member's text is unchanged; the model reads the style after it."""
    spec = with_style(PictureSpec(prompt="a cat"), NEON.name, NEON.text)
    assert (spec.prompt, spec.style, spec.whole_prompt) == ("a cat", "neon", "a cat\n\nneon signs in rain")
    assert PictureSpec(prompt="a cat").whole_prompt == "a cat"


def test_prompt_and_style_share_one_limit() -> None:
    """Both together may have 4,000 characters, blank line included."""
    room = MAX_PROMPT_CHARACTERS - len(NEON.text) - 2
    assert len(with_style(PictureSpec(prompt="p" * room), "neon", NEON.text).whole_prompt) == MAX_PROMPT_CHARACTERS
    with refused("4,001 characters together"):
        with_style(PictureSpec(prompt="p" * (room + 1)), "neon", NEON.text)
