"""Whole-word matching in any language: no match inside another word, and no spelling hides one."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest

from bot.domain.picture import MAX_PROMPT_CHARACTERS
from bot.domain.word_matching import MAX_FOLDED_CHARACTERS, UnfoldableError, cut, folded, has_words


def found(words: str, text: str) -> bool:
    """Whether a rule with these words matches a text."""
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
def test_words_are_found_in_any_spelling(words: str, text: str) -> None:
    """Case, width, accent composition, blanks and invisible characters make no difference."""
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
def test_words_inside_other_words_are_not_found(words: str, text: str) -> None:
    """Letters, digits and combining marks belong to a word."""
    assert not found(words, text)


def test_long_text_of_near_matches_is_fast() -> None:
    """Thousands of positions that do not match."""
    assert not found("a", "aa" * 2_000)
    assert found("a", "aa" * 2_000 + " a")


def test_whole_words_equal_those_of_regular_expressions() -> None:
    """On random texts of letters, digits, blanks and punctuation, compared with a pattern with word boundaries."""
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
def test_text_is_cut_between_two_characters(text: str, most: int, shown: str) -> None:
    """Letters keep their marks, emoji and flags stay whole; only a text of nothing but marks is cut inside."""
    assert cut(text, most) == shown


@pytest.mark.parametrize(
    "text",
    [
        "\ufdfa" * 3_970,
        "\u0344" * 3_970,
        "e" + "\u0316\u0301" * 1_984,
        "e" + "\u0301\u034f" * 1_984,
        "e" + "\u0301\u200b" * 1_984,
        "e" + "\u0301\u0336" * 100,
        "a" * (MAX_FOLDED_CHARACTERS + 1) + "é",
    ],
)
def test_text_that_expands_too_far_is_not_folded(text: str) -> None:
    """Characters that expand to sentences, and stacked marks, also with invisible characters between them."""
    with pytest.raises(UnfoldableError):
        folded(text)


@pytest.mark.parametrize("letter", ["각", "\u1f82", "ﬃ", "裸", "é", "กำ", "e\u0301\u0323\u0306"])
def test_prompt_of_full_length_in_any_script_is_folded(letter: str) -> None:
    """No letter of any script expands to more than four characters."""
    text = (letter * MAX_PROMPT_CHARACTERS)[:MAX_PROMPT_CHARACTERS]
    assert folded(text)


def test_no_character_grows_much_after_decomposition() -> None:
    """The limit is counted on the decomposed text: later steps may at most double it."""
    for character in map(chr, range(0x20000)):
        decomposed = unicodedata.normalize("NFKD", character)
        assert len(folded(decomposed)) <= 2 * len(decomposed), ascii(character)
        assert len(unicodedata.normalize("NFKD", decomposed.casefold())) <= 2 * len(decomposed), ascii(character)


def test_word_boundaries_match_a_reference_implementation() -> None:
    """Position by position, with the characters before and after."""
    rng = random.Random(11)
    for _ in range(4_000):
        text = folded("".join(rng.choices("ab1_ -あ漢ノ가é", k=10)))
        start = rng.randrange(len(text) or 1)
        words = text[start : start + rng.randint(1, 3)].strip()
        assert has_words(text, words) is any(
            text.startswith(words, at)
            and _edge(text[:at][-1:], words[0])
            and _edge(words[-1], text[at + len(words) :][:1])
            for at in range(len(text))
            if words
        ), (text, words)


def _edge(before: str, after: str) -> bool:
    return not all(re.fullmatch(r"[\w]", character) for character in (before, after)) or any(
        character in "あ漢ノ" for character in (before, after)
    )
