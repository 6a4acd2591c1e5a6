"""Word rules, matched against prompts within a limit of processor time.

Blocking: the bot runs this in a child process (`word_worker.py`), which can be killed; see `word_filter.py`.
"""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from types import FrameType
from typing import Final

import regex

from bot.domain.errors import Refusal
from bot.domain.picture import MAX_PROMPT_CHARACTERS
from bot.domain.rules import MAX_PATTERN_CHARACTERS, WordRule
from bot.domain.word_matching import UnfoldableError, folded, with_edges

PATTERN_S: Final = 0.1
"""For one pattern on one form of a text. Twice what a new pattern may take, so that no rule is at its limit."""
_NEW_PATTERN_S: Final = 0.05
_COMPILE_S: Final = 0.1
_NEW_RULE_S: Final = 3.0
_FLAGS: Final = regex.VERSION1 | regex.IGNORECASE
_MOST_LETTERS: Final = 8
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")
_UNREADABLE: Final = (regex.error, OverflowError, RecursionError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResult:
    """What rules say of texts: those that match, and those that took too long to tell."""

    matching: tuple[WordRule, ...] = ()
    too_slow: tuple[WordRule, ...] = ()
    out_of_time: bool = False
    """The limit for all rules together was reached; `too_slow` names the pattern that took most of it, if any did."""
    unfoldable: bool = False
    """A text was not matched at all: folding it would take too long."""


class OutOfTimeError(Exception):
    """The limit of processor time was reached."""


@dataclass(slots=True)
class _Budget:
    """Processor time for all rules and texts together, in seconds, and what each pattern took of it."""

    limit_s: float
    taken_s: dict[WordRule, float] = field(default_factory=dict)
    _began_s: float = field(default_factory=time.process_time)

    def left_s(self) -> float:
        """What is left; raises OutOfTimeError where nothing is."""
        left_s = self.limit_s - (time.process_time() - self._began_s)
        if left_s <= 0:
            raise OutOfTimeError
        return left_s

    @contextmanager
    def charged_to(self, rule: WordRule) -> Iterator[None]:
        """Count what the block takes as a pattern's."""
        began_s = time.process_time()
        try:
            yield
        finally:
            self.taken_s[rule] = self.taken_s.get(rule, 0.0) + time.process_time() - began_s

    def slowest(self) -> tuple[WordRule, ...]:
        """The pattern that took the most time, if patterns took most of it."""
        rule = max(self.taken_s, key=self.taken_s.__getitem__, default=None)
        return (rule,) if rule is not None and sum(self.taken_s.values()) > self.limit_s / 2 else ()


def matches(rules: Sequence[WordRule], texts: Sequence[str], *, limit_s: float = 1.0) -> MatchResult:
    """Every rule that matches one of these texts, or takes too long with it."""
    return _found(rules, texts, limit_s, every=True)


def first_match(rules: Sequence[WordRule], texts: Sequence[str], *, limit_s: float = 1.0) -> MatchResult:
    """The same as far as the first such rule: one is enough to refuse a prompt."""
    return _found(rules, texts, limit_s, every=False)


def _found(rules: Sequence[WordRule], texts: Sequence[str], limit_s: float, *, every: bool) -> MatchResult:
    budget = _Budget(limit_s)
    matching: dict[WordRule, None] = {}
    too_slow: dict[WordRule, None] = {}
    try:
        for text in dict.fromkeys(texts):
            for rule, answer in _answers(rules, text, budget):
                if answer is False:
                    continue
                (matching if answer else too_slow)[rule] = None
                if not every:
                    return MatchResult(matching=tuple(matching), too_slow=tuple(too_slow))
    except UnfoldableError:
        return MatchResult(matching=tuple(matching), too_slow=tuple(too_slow), unfoldable=True)
    except OutOfTimeError:
        slow = tuple(dict.fromkeys((*too_slow, *budget.slowest())))
        return MatchResult(matching=tuple(matching), too_slow=slow, out_of_time=True)
    return MatchResult(matching=tuple(matching), too_slow=tuple(too_slow))


def checked_rule(rule: WordRule) -> WordRule:
    """A rule that can be stored; raises Refusal for one that says nothing, cannot be read, or takes too long."""
    pattern = rule.pattern.strip()
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise Refusal("long_rule", length=len(pattern), limit=MAX_PATTERN_CHARACTERS)
    try:
        if not folded(pattern):
            raise Refusal("empty_rule")
    except UnfoldableError:
        raise Refusal("words_unreadable") from None
    if not rule.regex:
        return WordRule(pattern=" ".join(pattern.split()), where=rule.where)
    try:
        _try_pattern(pattern, _Budget(_NEW_RULE_S))
    except OutOfTimeError:
        raise Refusal("slow_pattern") from None
    return WordRule(pattern=pattern, regex=True, where=rule.where)


def _try_pattern(pattern: str, budget: _Budget) -> None:
    """Raise Refusal for a pattern that cannot be read or matches everything, OutOfTimeError for one that is slow."""
    try:
        compiled = _compiled(pattern)
    except _UNREADABLE as error:
        raise Refusal("bad_pattern", reason=str(error)) from None
    except MemoryError:
        raise OutOfTimeError from None
    for text in ("", *_nasty(pattern)):
        found = _search(compiled, text, _NEW_PATTERN_S, budget)
        if found is None:
            raise OutOfTimeError
        if found and not text:
            raise Refusal("empty_pattern")


def _answers(rules: Sequence[WordRule], text: str, budget: _Budget) -> Iterator[tuple[WordRule, bool | None]]:
    """Whether each rule matches a text; None where there was no telling in time."""
    plain = folded(text)
    edged = with_edges(plain) if not all(rule.regex for rule in rules) else ""
    for rule in rules:
        budget.left_s()
        if rule.regex:
            with budget.charged_to(rule):
                answer = _pattern_answer(rule.pattern, (text, plain), budget)
            yield rule, answer
        else:
            words = _edged_words(rule.pattern)
            yield rule, bool(words) and words in edged


def _pattern_answer(pattern: str, forms: Sequence[str], budget: _Budget) -> bool | None:
    """As typed, and as it is compared: neither odd forms of letters nor their case hide a word."""
    try:
        compiled = _compiled(pattern)
    except (*_UNREADABLE, MemoryError, OutOfTimeError):
        return None  # a pattern that another version of the library or of this check took
    answers = [_search(compiled, form, PATTERN_S, budget) for form in dict.fromkeys(forms)]
    return True if any(answers) else None if None in answers else False


@lru_cache(maxsize=4_096)
def _edged_words(pattern: str) -> str:
    """The words of a rule, ready to be searched for; "" for a rule that no text can match."""
    try:
        words = folded(pattern)
    except UnfoldableError:
        return ""  # every text that has these words is unfoldable as well, and refused
    return with_edges(words) if words else ""


@lru_cache(maxsize=1_024)
def _compiled(pattern: str) -> regex.Pattern[str]:
    """A pattern, compiled within its limit; raises OutOfTimeError, or what the library raises for a bad one."""
    with _interrupted_after(_COMPILE_S):
        return regex.compile(pattern, _FLAGS)


@contextmanager
def _interrupted_after(limit_s: float) -> Iterator[None]:
    """Raise OutOfTimeError in a block that takes more processor time.

    The library compiles in Python, with no limit of its own: `((a{1000}){1000}){1000}` takes all memory there is.
    Signals reach the main thread alone, which is the one that the worker has.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit_s, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise OutOfTimeError


def _search(compiled: regex.Pattern[str], text: str, limit_s: float, budget: _Budget) -> bool | None:
    """Whether a pattern matches anywhere in a text; None where there was no telling within its limit.

    Raises OutOfTimeError where it was rather the limit for all rules together that ended it.
    """
    left_s = budget.left_s()
    try:
        return compiled.search(text, timeout=min(limit_s, left_s), concurrent=True) is not None
    except TimeoutError:
        if left_s < limit_s:
            raise OutOfTimeError from None
        return None
    except (MemoryError, RecursionError):
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
