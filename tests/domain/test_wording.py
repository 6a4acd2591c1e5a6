"""Whole words in any language: nothing is found inside of another word, and no spelling hides one."""

from __future__ import annotations

import random
import re

import pytest

from bot.domain.wording import cut, folded, has_words


def found(words: str, text: str) -> bool:
    """Whether a rule with these words would find them in a text."""
    return has_words(folded(text), folded(words))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("ass", "an ass on a field"),
        ("ass", "ass"),
        ("ass", "grass and an ASS."),
        ("ass", "“ass”!"),
        ("red hat", "a  RED\n hat"),
        ("straße", "in der STRASSE"),
        ("café", "a cafe\u0301"),
        ("nude", "a \uff4e\uff55\uff44\uff45 figure"),
        ("nude", "a nu\u200bde figure"),
        ("nude", "nu\u00adde"),
        ("café", "a cafe\u200d\u0301"),
        ("nude", "n\ufe0fu\u034fd\u3164e"),
        ("nude", "n\u0336u\u0336d\u0336e\u0336"),
        ("nude", "n\u20ddu\u20ddd\u20dde"),
        ("red hat", "a red\u2800hat"),
        ("裸", "裸の人"),
        ("c++", "written in c++, they say"),
        ("100%", "at 100% now"),
    ],
)
def test_words_are_found_however_they_are_written(words: str, text: str) -> None:
    """Case, width, accents' forms, blanks and invisible characters make no difference."""
    assert found(words, text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("ass", "green grass, glass and assets"),
        ("ass", "as s"),
        ("cafe", "a café"),
        ("कम", "कमी"),
        ("cat", "cat_food"),
        ("cat", "cat5"),
        ("red hat", "a red, hat"),
        ("x", ""),
    ],
)
def test_words_inside_of_other_words_are_not_found(words: str, text: str) -> None:
    """Letters, digits and the marks of letters belong to a word."""
    assert not found(words, text)


def test_a_long_text_of_near_hits_takes_no_time() -> None:
    """Thousands of places that are none."""
    assert not found("a", "aa" * 2_000)
    assert found("a", "aa" * 2_000 + " a")


def test_whole_words_are_those_of_regular_expressions() -> None:
    """On random texts of letters, digits, blanks and signs, as a pattern with the edges of words has it."""
    rng = random.Random(7)
    for _ in range(2_000):
        text = "".join(rng.choices("ab1_ -+", k=12))
        words = "".join(rng.choices("ab1+", k=rng.randint(1, 2)))
        before = r"(?<!\w)" if words[0] != "+" else ""
        after = r"(?!\w)" if words[-1] != "+" else ""
        assert found(words, text) is bool(re.search(before + re.escape(words) + after, folded(text))), (words, text)


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("short", 5, "short"),
        ("a corgi on the moon", 9, "a corgi…"),
        ("cafe\u0301s everywhere", 5, "caf…"),
        ("corgi👨‍👩‍👧 here", 8, "corgi…"),
        ("corgi👍🏽 here", 7, "corgi…"),
        ("corgi🇩🇪🇪🇸 here", 9, "corgi🇩🇪…"),
        ("e" + "\u0301" * 40, 10, "e" + "\u0301" * 4 + "…"),
    ],
)
def test_a_text_ends_between_two_characters(text: str, most: int, shown: str) -> None:
    """Letters keep their marks, emoji and flags stay whole; only what is nothing but marks is cut amid them."""
    assert cut(text, most) == shown
