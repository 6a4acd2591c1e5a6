"""Parses durations as people type them: `2h`, `1 day`, `1w 3d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from bot.domain.errors import Refusal

_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_LONGEST: Final = timedelta(days=5 * 365)
_PART: Final = re.compile(r"(\d{1,6})\s*(m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)(?![a-z])[\s,]*", re.IGNORECASE)


def parse_duration(typed: str) -> timedelta:
    """A duration from one minute to five years; raises Refusal if the text isn't one."""
    text, position, total = typed.strip(), 0, timedelta()
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise Refusal("bad_duration", typed=typed)
        total += int(part[1]) * _UNITS[part[2][0].lower()]
        position = part.end()
    if not timedelta() < total <= _LONGEST:
        raise Refusal("bad_duration", typed=typed)
    return total
