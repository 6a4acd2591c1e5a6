"""Regular expressions of moderators: accepted or refused, and no prompt makes an accepted one hang the bot."""

from __future__ import annotations

import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refusal
from bot.domain.rules import MAX_PATTERN_CHARACTERS, WordRule
from bot.services.word_matcher import checked_rule, first_match

_PIECES = st.sampled_from(
    ["a", "b", "é", r"\b", r"\w", r"\d", r"\p{L}", r"\X", ".", "[ab]", "[^a]", "(", "(?:", "(?i)", "(?=", "(?<=",
     "(?<n>", "(?P=n)", r"\1", r"\g<1>", "(?R)", "(?r)", "(?e)", "(?fuzzy)", "{e<=2}", ")", "|", "*", "+", "?", "*?",
     "++", "{2,}", "{999999}", "{1,", "^", "$", "[", "]", "[[a--b]]", r"\N{BULLET}", r"\L<x>", r"\K",
     r"\G", "#", " ", "\0"]
)  # fmt: skip
_PATTERNS = st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=MAX_PATTERN_CHARACTERS + 5)
_PROMPTS = st.text("ab é1_\n", max_size=40) | st.sampled_from(["a" * 4_000, "ab" * 2_000, " " * 4_000, "a b" * 1_333])
_MOST_S = 2.0
"""Two tries of a pattern on two forms of a prompt, each with its own limit; processor time, whatever else is busy."""


@settings(max_examples=max(10, settings().max_examples // 10))
@given(_PATTERNS, _PROMPTS)
@example("(a+)+$", "a" * 4_000)
@example("(?R)", "a")
@example("(?e)(?:aa){e<=2}", "ab" * 2_000)
def test_any_pattern_is_accepted_or_refused(pattern: str, prompt: str) -> None:
    """Nothing else is raised, and matching an accepted pattern returns in time, at worst with a time-out."""
    try:
        rule = checked_rule(WordRule(pattern=pattern, regex=True))
    except Refusal as refusal:
        assert refusal.code in {"empty_rule", "long_rule", "bad_pattern", "slow_pattern", "empty_pattern"}  # noqa: PT017
        return
    began = time.process_time()
    found = first_match([rule], [prompt])
    assert time.process_time() - began < _MOST_S
    assert {*found.matching, *found.too_slow} <= {rule}
    assert not first_match([rule], [""]).matching
