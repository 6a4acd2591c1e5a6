"""The limits of an installation that members are told about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many pictures of a member are made and may wait at once, and for how long files are kept."""

    running: int
    pending: int
    keep_days: float
