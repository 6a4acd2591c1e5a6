r"""Prompts with choices: `a {red, blue} bird` expands to "a red bird" and "a blue bird".

The rules are those of Midjourney's permutation prompts:

- A group in braces lists options between commas; spaces around an option are ignored. Several groups multiply, the
  last one varying fastest, and an option may contain groups: `{cat, dog {asleep, awake}}` expands to three.
- An option may be empty: `a {, red} bird` expands to "a bird" and "a red bird", without a second space.
- `\{`, `\,` and `\}` are plain characters.

Everything else is text: a group without a comma (`{red}`, `{}`), an unclosed brace, an unmatched closing brace. So is a
prompt that as a whole is JSON, which members use to describe pictures in detail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.domain.errors import Refusal
from bot.domain.picture import MAX_PROMPT_CHARACTERS

MAX_PROMPTS: Final = 8
_COUNTED: Final = 1_000
"""The count in a refusal stops here; the number of prompts doubles with every few characters."""
_SIGNS: Final = re.compile(r"\\?[{},]")
_ESCAPED: Final = re.compile(r"\\([{},])")
_MARKS: Final = frozenset("{,}")

Mark = Literal["{", ",", "}", ""]


def permutations(prompt: str) -> tuple[str, ...]:
    """The prompts that a prompt expands to, in order; usually only itself.

    Raises Refusal if there would be more than eight, or an empty one.
    """
    if "{" not in prompt or _is_json(prompt):
        return (prompt,)
    tokens = list(_marked(prompt))
    count = _count(tokens)
    if count > MAX_PROMPTS:
        many = count >= _COUNTED
        raise Refusal(
            "far_too_many_prompts" if many else "too_many_prompts", count=min(count, _COUNTED), limit=MAX_PROMPTS
        )
    prompts = tuple(prompt.strip() for prompt in _expanded(tokens))
    if not all(prompts):
        raise Refusal("empty_prompt_of_several")
    return prompts


def as_typed(prompt: str) -> str:
    """The input that yields exactly this prompt: braces that would be read as groups are escaped.

    If escaping makes it too long to be typed, it is returned unchanged, and submitting it asks for confirmation first.
    """
    if "{" not in prompt or _is_json(prompt):
        return prompt
    if list(_marked(prompt)) == [(prompt, "")]:
        return prompt
    escaped = re.sub(r"([{},])", r"\\\1", prompt)
    return escaped if len(escaped) <= MAX_PROMPT_CHARACTERS else prompt


def _is_json(prompt: str) -> bool:
    if not prompt.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(prompt), dict)
    except (ValueError, RecursionError):
        return False


def _marked(prompt: str) -> Iterator[tuple[str, Mark]]:
    """The prompt in pieces, each with its meaning: a brace or comma of a real group, or "" for text."""
    signs = [(found.start(), sign) for found in _SIGNS.finditer(prompt) if (sign := found[0]) in _MARKS]
    meant = _meaning([sign for _, sign in signs])
    began = 0
    for number, (position, sign) in enumerate(signs):
        if number not in meant:
            continue
        if began < position:
            yield _unescaped(prompt[began:position]), ""
        yield sign, meant[number]
        began = position + 1
    if began < len(prompt):
        yield _unescaped(prompt[began:]), ""


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _meaning(characters: Sequence[str]) -> dict[int, Mark]:
    """Which braces and commas form groups. A group is decided when it closes, so a single pass is enough."""
    meant: dict[int, Mark] = {}
    open_groups: list[tuple[int, list[int]]] = []
    for position, character in enumerate(characters):
        if character == "{":
            open_groups.append((position, []))
        elif character == "," and open_groups:
            open_groups[-1][1].append(position)
        elif character == "}" and open_groups:
            opened_at, commas = open_groups.pop()
            if commas:
                meant[opened_at], meant[position] = "{", "}"
                for comma in commas:
                    meant[comma] = ","
    return meant


def _count(tokens: Iterable[tuple[str, Mark]]) -> int:
    """The number of prompts, counted up to a thousand."""
    finished, current = [0], [1]
    for _, mark in tokens:
        if mark == "{":
            finished.append(0)
            current.append(1)
        elif mark == ",":
            finished[-1] = min(_COUNTED, finished[-1] + current[-1])
            current[-1] = 1
        elif mark == "}":
            options = finished.pop() + current.pop()
            current[-1] = min(_COUNTED, current[-1] * options)
    return current[0]


@dataclass(slots=True)
class _Group:
    """A group being parsed: its finished options, and the prefixes of the unfinished one."""

    finished: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=lambda: [""])


def _expanded(tokens: Iterable[tuple[str, Mark]]) -> list[str]:
    """The prompts themselves; `_count` has bounded their number."""
    groups = [_Group()]
    for token, mark in tokens:
        group = groups[-1]
        if mark == "":
            group.current = [_continued(beginning, token) for beginning in group.current]
        elif mark == "{":
            groups.append(_Group())
        elif mark == ",":
            group.finished += group.current
            group.current = [""]
        else:
            options = [option.strip() for option in groups.pop().finished + group.current]
            around = groups[-1]
            around.current = [beginning + option for beginning in around.current for option in options]
    return groups[0].current


def _continued(beginning: str, text: str) -> str:
    """The text after a group; the spaces on both sides of an empty option become one space."""
    return beginning + (text.lstrip(" ") if beginning.endswith(" ") else text)
