"""The fuzz targets: the properties of the property tests, each with a seed corpus."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.properties.parts import all_parts, pattern_of
from tests.properties.pictures import originals
from tests.properties.promises import (
    custom_id_is_safe,
    picture_is_known,
    prompt_stands_for_few,
    reply_is_understood,
    words_are_found,
)

_REPLIES: Final = (
    {"code": 200, "data": [{"status": "submitted", "task_id": "task_1"}]},
    {"created": 1, "data": [{"url": "https://a.test/1.png", "b64_json": "AAAA"}]},
    {"data": {"status": "success", "progress": "99%", "cost": 0.1, "result": {"images": [{"url": ["/1.png"]}]}}},
    {"data": {"status": "failed", "error": {"message": "no (request id: 7)", "type": "x", "code": "content_filter"}}},
    {"error": "insufficient", "code": 402, "message": "\ud800", "request_data": {"effective_resolution": "2k"}},
    {"hard_limit_usd": 12.5, "total_usage": 1e300, "url": "https://a.test/2.png"},
)
_PROMPTS: Final = ("a {red, blue} bird", "{a,b}{c,{d,e}} \\{f\\,", '{"scene": "a, b"}', "{,}", "{" * 50, "{a," * 20)
_WORDS: Final = (
    "ass\0grass and an ASS.",
    "café\0a cafe\u0301",
    "nude\0n\u200bu\ufe0fd\u0336e",
    "裸\0裸の人",
    "c++\0c++",
)


_PARTS: Final = all_parts()
"""Imported here and now, while imports are watched."""


@dataclass(frozen=True, slots=True)
class Target:
    """A property of bytes, and its seed inputs."""

    check: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]


def _text(check: Callable[[str], None]) -> Callable[[bytes], None]:
    return lambda data: check(data.decode(errors="ignore"))


def _rule_and_text(data: bytes) -> None:
    rule, _, text = data.decode(errors="ignore").partition("\0")
    words_are_found(rule, text)


def _custom_ids() -> Iterable[bytes]:
    """The prefixes of custom ids, each followed by numbers."""
    for part in _PARTS:
        name = pattern_of(part).pattern.partition("(")[0]
        yield from (f"{name}1".encode(), f"{name}1:2:3".encode(), f"{name}-:-:-:1:5:6:x".encode())


TARGETS: Final[Mapping[str, Target]] = {
    "wire": Target(reply_is_understood, lambda: [json.dumps(reply).encode() for reply in _REPLIES]),
    "custom_ids": Target(_text(custom_id_is_safe), _custom_ids),
    "permutations": Target(_text(prompt_stands_for_few), lambda: [prompt.encode() for prompt in _PROMPTS]),
    "words": Target(_rule_and_text, lambda: [words.encode() for words in _WORDS]),
    "sniff": Target(picture_is_known, originals),
}
