"""A histogram of members' waiting times, with classes fine enough for a median."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_EXACT_S: Final = 120
_FINE_S: Final = 1_200


def class_of(wait_ms: int) -> int:
    """The class of a wait in seconds: exact up to two minutes, to 5 s up to twenty minutes, to a minute above."""
    seconds = (max(0, wait_ms) + 500) // 1_000
    if seconds < _EXACT_S:
        return seconds
    step = 5 if seconds < _FINE_S else 60
    return (seconds + step // 2) // step * step


def median(counted: Mapping[int, int]) -> int | None:
    """The median class (the lower of two) from the count of each class; None if empty."""
    middle = (sum(counted.values()) + 1) // 2
    for wait_s in sorted(counted):
        middle -= counted[wait_s]
        if middle <= 0:
            return wait_s if counted[wait_s] else None
    return None
