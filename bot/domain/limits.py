"""The limits of an installation that members are told about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_TOGETHER_BYTES: Final = 24 * 1024 * 1024
"""Files that go to Discord in one request, together: the whole of it stays under 25 MiB."""
FOLLOW_UPS_ELSEWHERE: Final = 5
"""Where the bot is only installed by the user, Discord lets at most this many follow-ups to a press through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """How many jobs may wait: of one member, and of all together while nothing is being made."""

    pending: int
    while_shut: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many pictures of a member are made and may wait at once, and for how long files are kept."""

    running: int
    pending: int
    keep_days: float
