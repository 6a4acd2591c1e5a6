"""Members' prompts: choices in braces, and forbidden words in any disguise."""

from __future__ import annotations

import re
import time
import unicodedata
from itertools import product

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.domain.errors import Refusal
from bot.domain.permutation import MAX_PROMPTS, as_typed, permutations
from bot.domain.picture import MAX_PROMPT_CHARACTERS
from bot.domain.word_matching import folded, has_words
from tests.properties.promises import prompt_stands_for_few, words_are_found

_PLAIN = st.text("abc", min_size=1, max_size=3)
_MARKED = st.text(r"{},\ ab" + "\n\u2003", max_size=60)
_INVISIBLE = [
    "\u200b",
    "\u00ad",
    "\u2060",
    "\ufe0f",
    "\u034f",
    "\u3164",
    "\u180b",
    "\U000e0101",
    "\u0336",
    "\u20dd",
    "\0",
]
_BLANKS = [" ", "\u00a0", "\u2003", "\t", "\n", "\u3000", "\u2800"]
_A_SECOND = 1.0

Written = tuple[str, list[str]]
"""A prompt as it is typed, and those that it stands for."""


def _joined(parts: list[Written]) -> Written:
    whole = ["".join(chosen) for chosen in product(*(meant for _, meant in parts))]
    return "".join(typed for typed, _ in parts), whole


def _group(options: list[Written]) -> Written:
    return "{" + ",".join(typed for typed, _ in options) + "}", [one for _, meant in options for one in meant]


def _written() -> st.SearchStrategy[Written]:
    """Prompts with nested choices, without blanks."""
    text = _PLAIN.map(lambda words: (words, [words]))
    return st.recursive(
        text,
        lambda inner: (
            st.lists(st.lists(inner | text, min_size=1, max_size=2).map(_joined), min_size=2, max_size=3)
            .map(_group)
            .flatmap(lambda group: st.lists(text, max_size=1).map(lambda after: _joined([group, *after])))
        ),
        max_leaves=8,
    )


@given(_written())
def test_prompt_expands_to_the_product_of_its_choices(written: Written) -> None:
    """Every combination once, the last choice varying fastest; a refusal says how many there are."""
    typed, meant = written
    if len(meant) <= MAX_PROMPTS:
        assert permutations(typed) == tuple(meant)
        return
    with pytest.raises(Refusal) as refused:
        permutations(typed)
    assert refused.value.values["count"] == len(meant)


@given(_MARKED | st.text(max_size=60))
@example("\\{")
@example("{a, b\\}")
@example("{,}")
def test_any_prompt_expands_to_few_or_is_refused(prompt: str) -> None:
    """No other error is raised; and the *Edit prompt* form proposes text that expands to exactly that prompt."""
    prompt_stands_for_few(prompt)


@given(st.text(r"{}\ ab", min_size=1, max_size=40), st.text(r"}, ab", max_size=40))
def test_braces_without_a_choice_are_text(braces: str, after: str) -> None:
    """Braces without a comma between them, and unmatched closing ones, stay as typed."""
    assume(not re.search(r"\\[{}]", braces))
    prompt = (braces + ("" if "{" in braces else after)).strip()
    assert permutations(prompt) == (prompt,)
    assert permutations(as_typed(prompt)) == (prompt,)


@given(st.sampled_from(["{", "}", ",", "\\", "{a,", "{a,b}", "},{", "a}", "{,}", '{"a":']), st.integers(0, 3))
def test_no_prompt_blocks_the_bot(piece: str, before: int) -> None:
    """Even the worst prompt of full length is parsed immediately."""
    began = time.process_time()
    prompt_stands_for_few("{" * before + piece * (MAX_PROMPT_CHARACTERS // len(piece) - before))
    assert time.process_time() - began < _A_SECOND


@given(st.text(max_size=30), st.text(max_size=60))
@example("e\u0301", "e\u200d\u0301")
def test_any_words_are_found_as_whole_words(rule: str, text: str) -> None:
    """Folding is idempotent, so a rule and a prompt are compared in the same form."""
    words_are_found(rule, text)


@given(st.text("nudécafß", min_size=1, max_size=8), st.data())
def test_no_disguise_hides_a_word(word: str, data: st.DataObject) -> None:
    """Case, widths, mathematical letters, decomposed accents and invisible characters are normalised."""
    shown = ""
    for letter in word:
        bold = chr(0x1D41A + ord(letter) - ord("a")) if letter.isascii() else letter
        wide = chr(0xFF21 + ord(letter) - ord("a")) if letter.isascii() else letter
        forms = [letter, letter.upper(), unicodedata.normalize("NFD", letter), bold, wide]
        drawn = data.draw(st.sampled_from(forms))
        shown += drawn + "".join(data.draw(st.lists(st.sampled_from(_INVISIBLE), max_size=2)))
    blank = data.draw(st.sampled_from(_BLANKS))
    assert has_words(folded(f"a{blank}{shown}{blank}picture"), folded(word))


@given(st.text("ab1_é -+", max_size=14), st.text("ab1é", min_size=1, max_size=3))
def test_no_word_is_found_inside_another(text: str, word: str) -> None:
    """Compared with a regular expression with word boundaries."""
    found = bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", folded(text)))
    assert has_words(folded(text), folded(word)) is found
