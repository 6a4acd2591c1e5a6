"""The installation's limits that are shown to members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_TOGETHER_BYTES: Final = 24 * 1024 * 1024
"""Total size of the files in one request to Discord; keeps the whole request under 25 MiB."""
FOLLOW_UPS_ELSEWHERE: Final = 5
"""Where the app is only user-installed, Discord allows at most this many follow-ups to an interaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """How many jobs may wait: per member, and in total while nothing is being made."""

    pending: int
    while_shut: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many of a member's pictures may run and wait at once, and how long files are kept."""

    running: int
    pending: int
    keep_days: float
