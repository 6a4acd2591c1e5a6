"""A bar chart as a value: labels and series, without any drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.domain.credits import MICRO
from bot.domain.period import Period

_MOST_DAYS: Final = 62
_MOST_WEEKS: Final = 371
"""In days: a year and the rest of its last week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Stacked bars: one label per bar, and one number per bar in each series."""

    title: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCredits:
    """What was spent on one day at one resolution, in micro-credits; negative if refunds exceed charges."""

    day: date
    resolution: str
    spent_microcredits: int


def credits_chart(spent: Sequence[DayCredits], period: Period, order: Sequence[str]) -> Chart:
    """Credits by day, week or month, whichever gives a readable number of bars; stacked in the given `order`.

    A period without a start begins with the first day on which something was spent.
    """
    first = min((row.day for row in spent), default=period.last) if period.everything else period.first
    unit = _unit((period.last - first).days + 1)
    starts = _starts(first, period.last, unit)
    place = {start: number for number, start in enumerate(starts)}
    series = {name: [0.0] * len(starts) for name in order if any(row.resolution == name for row in spent)}
    for row in spent:
        series[row.resolution][place[_start(row.day, unit)]] += row.spent_microcredits / MICRO
    labels = [f"{start:%b %Y}" if unit == "month" else f"{start.day} {start:%b}" for start in starts]
    return Chart(title=f"Credits by {unit}", labels=labels, series=series)


def _unit(days: int) -> str:
    if days <= _MOST_DAYS:
        return "day"
    return "week" if days <= _MOST_WEEKS else "month"


def _start(day: date, unit: str) -> date:
    """The first day of the bar that contains a day; weeks start on Monday."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _starts(first: date, last: date, unit: str) -> list[date]:
    """One start per bar, including empty bars."""
    days = range((last - first).days + 1)
    return list(dict.fromkeys(_start(first + timedelta(days=number), unit) for number in days))
