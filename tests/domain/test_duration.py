"""Parsing durations that people type."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.duration import parse_duration
from bot.domain.errors import Refusal


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2h", timedelta(hours=2)),
        ("1 day", timedelta(days=1)),
        (" 7 Days ", timedelta(days=7)),
        ("1w 3d", timedelta(days=10)),
        ("1h30m", timedelta(minutes=90)),
        ("90 minutes", timedelta(minutes=90)),
        ("1825d", timedelta(days=1825)),
    ],
)
def test_usual_durations_are_parsed(typed: str, expected: timedelta) -> None:
    """Units long and short, one after another, in any case."""
    assert parse_duration(typed) == expected


@pytest.mark.parametrize(
    "typed", ["", "soon", "1", "1 fortnight", "0d", "-1d", "1826d", "999999w", "1d and", "d", "1.5h"]
)
def test_invalid_duration_is_refused(typed: str) -> None:
    """Nothing is guessed, and extreme lengths are refused."""
    with pytest.raises(Refusal):
        parse_duration(typed)
