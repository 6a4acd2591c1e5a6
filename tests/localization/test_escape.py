"""User input is inert in every text of the catalogue: no link, mention, format or line break."""

from __future__ import annotations

import re
import string
from typing import Final

import pytest

from bot.domain.errors import Markup, Phrase, Refusal
from bot.interactions.error_replies import sentence_for
from bot.localization.catalogue import LANGUAGES, LOCALES, Words, entries_of, words_for
from bot.localization.escape import escaped, escaped_inline, fitting
from tests.localization.test_plain_text import LIVE

HOSTILE: Final = (
    "@everyone @here <@&5> <@6>",
    "[win](https://evil.example) https://evil.example",
    "**x** `code` ||hidden|| ~~gone~~",
    "a\n# b\n> c\n- d",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "\u200b<@\u200b5>",
    "1. x\r# y\u2028> z discord.gg/x",
)
IN_CODE: Final = {"id", "windows", "unix"}
"""Values inside code, where a backslash does not escape: a number, and commands with the bot's own file names."""
WORDS: Final = [words_for(locale) for locale in ("en-US", *{LOCALES[locale]: locale for locale in LOCALES}.values())]


def patterns_of(words: Words) -> list[tuple[str, str]]:
    """Every text of a language with its key, each plural form separately."""
    entries = {**entries_of("en"), **entries_of(words.language)}
    return [
        (key, pattern)
        for key, entry in entries.items()
        for pattern in ([entry] if isinstance(entry, str) else entry.values())
    ]


def values_of(pattern: str, value: object) -> dict[str, object]:
    """A value for each placeholder that takes a text; numbers where it formats one."""
    return {
        name: 3 if spec and spec != "or" else (value,) if spec == "or" else value
        for _, name, spec, _ in string.Formatter().parse(pattern)
        if name
    }


@pytest.mark.parametrize("words", WORDS, ids=LANGUAGES)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_every_text_shows_user_input_literally(words: Words, hostile: str) -> None:
    """The rendered text is that for an empty value plus the escaped value: nothing else."""
    for key, pattern in patterns_of(words):
        values = values_of(pattern, hostile)
        if not values:
            continue
        rendered = words.vformat(pattern, (), values)
        expected = words.vformat(pattern, (), values_of(pattern, Markup(escaped_inline(hostile))))
        assert rendered == expected, key


@pytest.mark.parametrize("hostile", HOSTILE)
def test_escaped_text_is_inert_and_reads_as_typed(hostile: str) -> None:
    """On one line, without characters that reverse the text after them."""
    escaped = escaped_inline(hostile)
    assert LIVE.search(escaped) is None
    assert "\n" not in escaped
    assert re.search("[\u202a-\u202e\u2066-\u2069]", escaped) is None


def test_long_text_is_cut_before_it_is_escaped() -> None:
    """No backslash at its end escapes what follows."""
    assert escaped_inline("*" * 1_000) == "\\*" * 199 + "…"


def test_own_markup_and_nested_texts_are_not_escaped() -> None:
    """A mention that the bot builds works, and nothing is escaped twice."""
    words = words_for("en-US")
    assert "<@5>" in words("refusal.not_blocked", member=Markup("<@5>"))
    outer = words("card.style", name=words("card.style", name="a*b"))
    assert outer.count("\\") == 1
    assert words.format_field((Markup("<#1>"), "<#2>"), "") == "<#1> and \\<#2>"
    assert words.format_field(Phrase("card.private"), "") == words("card.private")


def test_labels_are_verbatim() -> None:
    """Discord renders no markup there: a backslash would be visible."""
    assert words_for("en-US").verbatim("form.style", name="a*b") == words_for("en-US")("form.style", name=Markup("a*b"))


@pytest.mark.parametrize("words", WORDS, ids=LANGUAGES)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_every_refusal_is_inert(words: Words, hostile: str) -> None:
    """By its code, through the one function that renders errors; the value between two markers, and in a list."""
    for key, pattern in patterns_of(words):
        if not key.startswith("refusal."):
            continue
        value = f"QZ{hostile}QZ"
        given: tuple[object, ...] = (value, (value, value)) if ":or}" not in pattern else (value,)
        for made in given:
            values = {"count": 2, **values_of(pattern, made)}
            rendered = sentence_for(Refusal(key.removeprefix("refusal."), **values), 1, words)
            for shown in re.findall("QZ(.*?)QZ", rendered, re.DOTALL):
                assert LIVE.search(shown) is None, key
                assert not re.search(r"[\n\r\u2028\u202a-\u202e\u2066-\u2069]", shown), key


def test_no_text_is_inside_code() -> None:
    """A backslash does not escape there, and a backtick would end the code."""
    found = {
        name
        for words in WORDS
        for _, pattern in patterns_of(words)
        for code in re.findall(r"`[^`]*`", pattern)
        for _, name, _, _ in string.Formatter().parse(code)
        if name
    }
    assert found <= IN_CODE


def test_cut_text_does_not_end_inside_an_escape() -> None:
    """For any length, no backslash at its end escapes what follows."""
    for most in range(5, 12):
        shown = fitting(escaped("*" * 20), most)
        assert len(shown) <= most
        assert LIVE.search(f"{shown}*") is None or not shown.endswith("\\")
