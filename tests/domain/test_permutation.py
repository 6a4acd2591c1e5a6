"""Prompts with choices in braces: what they expand to, what is plain text, and what is too much."""

from __future__ import annotations

import json

import pytest

from bot.domain.errors import Refusal
from bot.domain.permutation import MAX_PROMPTS, as_typed, permutations
from bot.domain.picture import MAX_PROMPT_CHARACTERS
from tests.support.refusals import refused


@pytest.mark.parametrize(
    ("prompt", "stands_for"),
    [
        ("a {red, blue} bird", ["a red bird", "a blue bird"]),
        ("{a,b}{1, 2}", ["a1", "a2", "b1", "b2"]),
        ("{cat, dog {asleep, awake}} at noon", ["cat at noon", "dog asleep at noon", "dog awake at noon"]),
        ("{{a, b}, {c, d}}", ["a", "b", "c", "d"]),
        ("{a, {b, {c, d}}}", ["a", "b", "c", "d"]),
        ("a {, red} bird", ["a bird", "a red bird"]),
        ("a bird {, at night}", ["a bird", "a bird at night"]),
        ("{same, same}", ["same", "same"]),
        ("two\nlines of {ink,  oil }", ["two\nlines of ink", "two\nlines of oil"]),
        ("{\N{CAT}, \N{DOG}}", ["\N{CAT}", "\N{DOG}"]),
    ],
)
def test_groups_are_choices(prompt: str, stands_for: list[str]) -> None:
    """Several multiply, nested ones add up, blanks around options and an empty option are removed."""
    assert list(permutations(prompt)) == stands_for


@pytest.mark.parametrize(
    ("prompt", "stands_for"),
    [
        ("no braces, but a comma", "no braces, but a comma"),
        ("a {red} bird {}", "a {red} bird {}"),
        ("an {open, end", "an {open, end"),
        ("} closes nothing, {", "} closes nothing, {"),
        (r"a \{red, blue\} bird", "a {red, blue} bird"),
        (r"a {red\, blue} bird", "a {red, blue} bird"),
        ("C:\\{", "C:{"),
        ("without braces \\, stays", "without braces \\, stays"),
        ('{"subject": "a cat", "style": ["ink", "oil"]}', '{"subject": "a cat", "style": ["ink", "oil"]}'),
    ],
)
def test_braces_without_a_choice_are_text(prompt: str, stands_for: str) -> None:
    """One option, an open brace, an escaped one, and a description in JSON are literal."""
    assert permutations(prompt) == (stands_for,)


def test_groups_inside_plain_text_are_choices() -> None:
    """A brace that is never closed, or has one option, does not hide groups inside it."""
    assert permutations("{one {a, b}}") == ("{one a}", "{one b}")
    assert permutations("{one, {a, b}") == ("{one, a", "{one, b")


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("{a, b, c}{1, 2, 3}", "make 9 prompts"),
        ("{a,b}" * 9, "make 512 prompts"),
        ("{a,b}" * 400, "at least 1,000"),
        ("{" + "," * 3_000 + "}", "at least 1,000"),
        ("{a," * 1_200 + "a" + "}" * 1_200 + "{1,2,3,4,5,6,7,8,9}", "at least 1,000"),
    ],
)
def test_more_than_eight_are_refused_with_their_number(prompt: str, told: str) -> None:
    """The number doubles with every few characters, and its count is capped."""
    assert len(permutations("{a,b}" * 3)) == MAX_PROMPTS
    with refused(told) as caught:
        permutations(prompt)
    assert caught.value.code in {"too_many_prompts", "far_too_many_prompts"}


@pytest.mark.parametrize("prompt", ["{" * MAX_PROMPT_CHARACTERS, "{}" * 2_000, "{a" * 2_000, "{,}{" * 3 + "{" * 3_900])
def test_prompt_of_only_braces_is_parsed(prompt: str) -> None:
    """However deeply they are nested, and whether or not they are closed."""
    assert 1 <= len(permutations(prompt)) <= MAX_PROMPTS


@pytest.mark.parametrize(
    "prompt",
    [
        "plain, with a comma",
        "a {red, blue} bird",
        "{one}",
        "{open, end",
        "\\{already\\}",
        "a \\ and {a, b}",
        json.dumps({"a": 1, "b": [2, 3]}),
    ],
)
def test_escaped_prompt_expands_to_itself(prompt: str) -> None:
    """So that a finished prompt can be edited without becoming several."""
    assert permutations(as_typed(prompt)) == (prompt,)


def test_escaping_changes_only_what_is_needed() -> None:
    """Braces that are no group stay as they are."""
    assert as_typed("a {red} bird, {open") == "a {red} bird, {open"


@pytest.mark.parametrize("prompt", ["{, a}", "{a, }", "{, a}{, b}"])
def test_one_empty_prompt_among_several_is_refused(prompt: str) -> None:
    """Even if the others are valid."""
    with pytest.raises(Refusal, match="empty_prompt_of_several"):
        permutations(prompt)


@pytest.mark.parametrize("prompt", [r"a\, b", r"back\} slash", '{"scene": "a, b", "style": {"of": "c, d"}}'])
def test_prompt_without_choices_is_not_escaped(prompt: str) -> None:
    """Without an opening brace nothing is read as a choice; nor is JSON."""
    assert as_typed(prompt) == prompt
    assert permutations(prompt) == (prompt,)


@pytest.mark.parametrize(("length", "escaped"), [(MAX_PROMPT_CHARACTERS - 3, True), (MAX_PROMPT_CHARACTERS - 2, False)])
def test_prompt_is_escaped_if_the_result_still_fits(length: int, escaped: bool) -> None:
    """Up to the last character of the limit."""
    prompt = "{a,b}" + "x" * (length - 5)
    assert (as_typed(prompt) != prompt) is escaped
