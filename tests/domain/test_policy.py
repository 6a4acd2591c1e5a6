"""What is refused before anything is stored, and with which text."""

from __future__ import annotations

import pytest

from bot.domain.errors import Refusal
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.policy import check_room, checked_spec
from tests.support.refusals import refused, told


def refusal_of(**options: object) -> Refusal:
    """The refusal of these options."""
    with pytest.raises(Refusal) as caught:
        checked_spec(**{"prompt": "a cat", **options})  # type: ignore[arg-type]  # the options vary by test
    return caught.value


def test_plain_prompt_gets_the_defaults() -> None:
    """A prompt alone is a 1K square without any search; surrounding blanks are removed."""
    assert checked_spec(prompt="  a cat \n") == PictureSpec(
        prompt="a cat", size="1:1", resolution=Resolution.ONE_K, google_search=False, google_image_search=False
    )


def test_every_option_is_used() -> None:
    """The picture is ordered with all given options."""
    spec = checked_spec(prompt="a cat", size="16:9", resolution="4k", google_search=True, google_image_search=True)
    assert (spec.size, spec.resolution, spec.google_search, spec.google_image_search) == (
        "16:9", Resolution.FOUR_K, True, True,
    )  # fmt: skip


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t"])
def test_empty_prompt_is_refused(prompt: str) -> None:
    """Nothing would be drawn or charged."""
    assert refusal_of(prompt=prompt).code == "empty_prompt"


def test_prompt_of_4000_characters_is_accepted_and_one_more_is_not() -> None:
    """The limit is 4,000 characters, and the sentence has both numbers."""
    assert len(checked_spec(prompt="é" * 4_000).prompt) == 4_000
    refusal = refusal_of(prompt="é" * 4_001)
    assert refusal.code == "long_prompt"
    assert "4,001" in told(refusal)
    assert "4,000" in told(refusal)


def test_blanks_around_a_prompt_do_not_count() -> None:
    """4,000 characters within blanks are still 4,000."""
    assert checked_spec(prompt=f"  {'x' * 4_000}  ").prompt == "x" * 4_000


def test_image_search_without_search_is_refused() -> None:
    """The provider accepts image search only together with text search; the sentence says so."""
    refusal = refusal_of(google_image_search=True)
    assert refusal.code == "image_search_alone"
    assert "google_search" in told(refusal)


@pytest.mark.parametrize("option", [{"size": "7:5"}, {"resolution": "8K"}])
def test_unknown_option_is_refused_with_the_choices(option: dict[str, str]) -> None:
    """A client that bypasses the choices gets a list of them."""
    refusal = refusal_of(**option)
    assert refusal.code in {"no_such_size", "no_such_resolution"}
    assert "Choose one of" in told(refusal)


def test_room_is_checked_including_the_new_pictures() -> None:
    """A full queue is allowed; one more is refused, with the count and the limit in the sentence."""
    check_room(waiting=9, more=1, limit=10)
    check_room(waiting=6, more=4, limit=10)
    with refused(r"10 pictures waiting already; 10 is the limit") as caught:
        check_room(waiting=10, more=1, limit=10)
    assert caught.value.code == "queue_full"
    with pytest.raises(Refusal):
        check_room(waiting=7, more=4, limit=10)


@pytest.mark.parametrize("blank", ["", "   ", "\n\t", "\u200b\u200b", "\u2060", "\x00\x1b"])
def test_prompt_without_a_visible_character_is_refused(blank: str) -> None:
    """Blanks, zero-width characters and control characters are no prompt."""
    with refused("empty"):
        checked_spec(prompt=blank)


def test_control_characters_are_removed_from_a_prompt() -> None:
    """Line breaks and tabs stay."""
    assert checked_spec(prompt="a\x00 red\x1b\nbird\ud800").prompt == "a red\nbird"
