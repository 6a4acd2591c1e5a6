"""Validates orders in memory only, so that a refusal is immediate and private."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Final

from bot.domain.errors import Refusal
from bot.domain.picture import (
    DEFAULT_RESOLUTION,
    DEFAULT_SIZE,
    MAX_COUNT,
    MAX_JOBS,
    MAX_PROMPT_CHARACTERS,
    MAX_REFERENCE_BYTES,
    OPEN_RESOLUTION,
    OPEN_SIZE,
    REFERENCE_TYPES,
    SIZES,
    PictureSpec,
    Resolution,
    parse_size,
)

_NEVER_MEANT: Final = frozenset({"Cc", "Cs"})
"""Control characters and lone surrogates: not typed on purpose, and not expected by later steps."""


def without_controls(words: str) -> str:
    """A typed text without control characters and lone surrogates."""
    return "".join(c for c in words if c in "\n\t" or unicodedata.category(c) not in _NEVER_MEANT)


def checked_spec(
    *,
    prompt: str,
    size: str | None = None,
    resolution: str | None = None,
    google_search: bool = False,
    google_image_search: bool = False,
    spoiler: bool = False,
) -> PictureSpec:
    """A picture specification from a member's input; raises Refusal."""
    words = without_controls(prompt).strip()
    if not any(unicodedata.category(character)[0] not in "CZ" for character in words):
        raise Refusal("empty_prompt")
    if len(words) > MAX_PROMPT_CHARACTERS:
        raise Refusal("long_prompt", length=len(words), limit=MAX_PROMPT_CHARACTERS)
    if google_image_search and not google_search:
        raise Refusal("image_search_alone")
    given = {OPEN_SIZE: size, OPEN_RESOLUTION: resolution}
    return PictureSpec(
        prompt=words,
        size=_size(size) if size else DEFAULT_SIZE,
        resolution=_resolution(resolution) if resolution else DEFAULT_RESOLUTION,
        google_search=google_search,
        google_image_search=google_image_search,
        spoiler=spoiler,
        left_open=frozenset(name for name, value in given.items() if not value),
    )


def _size(typed: str) -> str:
    try:
        return parse_size(typed)
    except ValueError:
        raise Refusal("no_such_size", size=typed, known=", ".join(SIZES)) from None


def _resolution(typed: str) -> Resolution:
    try:
        return Resolution.parse(typed)
    except ValueError:
        raise Refusal("no_such_resolution", resolution=typed, known=", ".join(Resolution)) from None


def with_style(spec: PictureSpec, style: str, style_text: str) -> PictureSpec:
    """Apply a style to a picture; raises Refusal if the prompt leaves no room for the style's text."""
    styled = replace(spec, style=style, style_text=style_text)
    if len(styled.whole_prompt) > MAX_PROMPT_CHARACTERS:
        raise Refusal("long_styled_prompt", length=len(styled.whole_prompt), limit=MAX_PROMPT_CHARACTERS)
    return styled


def check_attempts(*, jobs: int) -> None:
    """Refuse a retry if the request's message could not show another picture."""
    if jobs >= MAX_JOBS:
        raise Refusal("too_many_attempts", limit=MAX_JOBS)


def check_room(*, waiting: int, more: int, limit: int) -> None:
    """Refuse a request that would leave a member with more waiting jobs than allowed."""
    if waiting + more > limit:
        raise Refusal("queue_full", waiting=waiting, limit=limit)


def check_line(*, waiting: int, more: int, limit: int) -> None:
    """Refuse a request that would make the queue too long while nothing is being made."""
    if waiting + more > limit:
        raise Refusal("line_full", waiting=waiting, limit=limit)


def check_count(count: int) -> None:
    """Refuse a number of pictures that no command offers: a client may send any value."""
    if not 1 <= count <= MAX_COUNT:
        raise Refusal("no_such_count", count=count, limit=MAX_COUNT)


def check_together(*, pictures: int, limit: int) -> None:
    """Refuse a draft with more pictures than a member may have waiting in total."""
    if pictures > limit:
        raise Refusal("too_many_together", count=pictures, limit=limit)


def check_reference(number: int, *, name: str, size_bytes: int, content_type: str | None) -> None:
    """Refuse a reference by Discord's metadata; its bytes are checked after the download."""
    if size_bytes > MAX_REFERENCE_BYTES:
        raise Refusal("reference_too_large", number=number, name=name)
    if content_type is not None and content_type.partition(";")[0].strip().lower() not in REFERENCE_TYPES:
        raise Refusal("reference_not_a_picture", number=number, name=name)
