"""Rules about words, tried on prompts. No pattern hangs the bot: each has its time, in a thread that delays nobody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import regex

from bot.domain.errors import Refusal
from bot.domain.picture import MAX_PROMPT_CHARACTERS
from bot.domain.rules import MAX_PATTERN_CHARACTERS, WordRule
from bot.domain.wording import folded, has_words

_TIME_S: Final = 0.05
_SECOND_TIME_S: Final = 0.25
"""For a pattern that ran out of time: perhaps the machine was busy, for processor time is what is counted."""
_FLAGS: Final = regex.VERSION1 | regex.IGNORECASE
_MOST_LETTERS: Final = 8
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What rules say of a text: those that match, and those that found no answer in their time."""

    matching: tuple[WordRule, ...] = ()
    too_slow: tuple[WordRule, ...] = ()


async def matches(rules: Sequence[WordRule], text: str) -> Found:
    """Every rule that matches a text, or cannot be tried on it in its time."""
    return await _beside(_matches, rules, text)


async def first_match(rules: Sequence[WordRule], text: str) -> Found:
    """The same as far as the first such rule: one is enough to refuse a prompt."""
    return await _beside(_first, rules, text)


async def _beside(tried: Callable[[Sequence[WordRule], str], Found], rules: Sequence[WordRule], text: str) -> Found:
    """Patterns in a thread, whole words at once: they take microseconds."""
    if any(rule.regex for rule in rules):
        return await asyncio.to_thread(tried, rules, text)
    return tried(rules, text)


def checked_rule(rule: WordRule) -> WordRule:
    """A rule that can be kept; raises Refusal for one that says nothing, cannot be read, or takes too long.

    Blocking, for some tenths of a second.
    """
    pattern = rule.pattern.strip()
    if not folded(pattern):
        raise Refusal("empty_rule")
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise Refusal("long_rule", length=len(pattern), limit=MAX_PATTERN_CHARACTERS)
    if not rule.regex:
        return WordRule(pattern=" ".join(pattern.split()), where=rule.where)
    try:
        compiled = _compiled(pattern)
    except (regex.error, OverflowError, RecursionError, ValueError) as error:
        raise Refusal("bad_pattern", reason=str(error)) from None
    for text in ("", *_nasty(pattern)):
        found = _found(compiled, text, times_s=(_TIME_S, _TIME_S))
        if found is None:
            raise Refusal("slow_pattern")
        if found and not text:
            raise Refusal("empty_pattern")
    return WordRule(pattern=pattern, regex=True, where=rule.where)


def _matches(rules: Sequence[WordRule], text: str) -> Found:
    found = [(rule, answer) for rule, answer in _answers(rules, text) if answer is not False]
    return Found(
        matching=tuple(rule for rule, answer in found if answer),
        too_slow=tuple(rule for rule, answer in found if answer is None),
    )


def _first(rules: Sequence[WordRule], text: str) -> Found:
    for rule, answer in _answers(rules, text):
        if answer is not False:
            return Found(matching=(rule,)) if answer else Found(too_slow=(rule,))
    return Found()


def _answers(rules: Sequence[WordRule], text: str) -> Iterator[tuple[WordRule, bool | None]]:
    """Whether each rule matches a text; None where there was no telling in time."""
    plain = folded(text)
    for rule in rules:
        if not rule.regex:
            yield rule, has_words(plain, folded(rule.pattern))
            continue
        yield rule, _pattern_answer(rule.pattern, (text, plain))


def _pattern_answer(pattern: str, forms: Sequence[str]) -> bool | None:
    """As typed, and as it is compared: neither odd forms of letters nor their case hide a word."""
    try:
        compiled = _compiled(pattern)
    except regex.error:
        return None  # a pattern that another version of the library took
    answers = [_found(compiled, form) for form in dict.fromkeys(forms)]
    return True if any(answers) else None if None in answers else False


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, _FLAGS)


def _found(
    compiled: regex.Pattern[str], text: str, *, times_s: Sequence[float] = (_TIME_S, _SECOND_TIME_S)
) -> bool | None:
    """Whether a pattern matches anywhere in a text; None where there was no telling in time."""
    for time_s in times_s:
        try:
            return compiled.search(text, timeout=time_s, concurrent=True) is not None
        except TimeoutError:
            continue
        except (MemoryError, RecursionError):
            return None
    return None


def _nasty(pattern: str) -> Iterator[str]:
    """Prompts of full length that make a careless pattern try for ever: repetitions that end otherwise.

    Also with the pattern's own words before them, without which many a pattern is given up at a glance.
    """
    letters = dict.fromkeys(c for c in pattern if c.isalnum())
    own = f"!{'!'.join(_WORDS.findall(pattern))}!"
    for repeated in (*list(letters)[:_MOST_LETTERS], "a", "0", " ", "ab", "a ", "".join(letters)):
        for before in ("", own) if repeated else ():
            yield before + (repeated * MAX_PROMPT_CHARACTERS)[: MAX_PROMPT_CHARACTERS - len(before) - 1] + "!"
