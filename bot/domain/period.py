"""Periods of days for statistics. Days are UTC, as in all stored totals."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.errors import Refusal

ALL_TIME: Final = "all"
_EARLIEST: Final = date(2015, 1, 1)
"""Discord's launch date: no job is older, so earlier days need not be counted."""


class PeriodName(StrEnum):
    """The named periods."""

    TODAY = "today"
    LAST_7_DAYS = "7d"
    LAST_30_DAYS = "30d"
    THIS_MONTH = "month"
    LAST_MONTH = "last_month"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A range of days, both ends included. `until_now` says that nothing has happened after it."""

    first: date
    last: date
    until_now: bool = field(default=False, compare=False)

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    @property
    def begins_at(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last, time(), UTC) + timedelta(days=1)

    @property
    def everything(self) -> bool:
        """Whether it covers all time."""
        return self.first <= _EARLIEST

    def spans(self) -> Iterator[str]:
        """The fewest whole years, months and days that make it up, as `2026`, `2026-11` and `2026-11-23`.

        All time is one span, `all`.
        """
        if self.everything and self.until_now:
            yield ALL_TIME
            return
        day = self.first
        while day <= self.last:
            end_of_year, end_of_month = date(day.year, 12, 31), _end_of_month(day)
            if (day.month, day.day) == (1, 1) and end_of_year <= self.last:
                yield f"{day.year:04}"
                end = end_of_year
            elif day.day == 1 and end_of_month <= self.last:
                yield f"{day:%Y-%m}"
                end = end_of_month
            else:
                yield day.isoformat()
                end = day
            day = end + timedelta(days=1)


def named(name: PeriodName, today: date) -> Period:
    """A named period as of a given day; current periods end with that day."""
    match name:
        case PeriodName.TODAY:
            return Period(first=today, last=today, until_now=True)
        case PeriodName.LAST_7_DAYS:
            return Period(first=today - timedelta(days=6), last=today, until_now=True)
        case PeriodName.LAST_30_DAYS:
            return Period(first=today - timedelta(days=29), last=today, until_now=True)
        case PeriodName.THIS_MONTH:
            return Period(first=today.replace(day=1), last=today, until_now=True)
        case PeriodName.LAST_MONTH:
            end = today.replace(day=1) - timedelta(days=1)
            return Period(first=end.replace(day=1), last=end)
        case PeriodName.ALL:
            return Period(first=_EARLIEST, last=today, until_now=True)


def between(first: str, last: str, today: date) -> Period:
    """A period between two typed dates (2026-11-23). A missing start means all time, a missing end means today.

    Raises Refusal for an invalid or future date, or an end before the start.
    """
    begins = _day(first) if first.strip() else _EARLIEST
    ends = _day(last) if last.strip() else max(today, begins)
    if begins > today:
        raise Refusal("period_future", day=begins, today=today)
    if ends < begins:
        raise Refusal("period_backwards", first=begins, last=ends)
    last_day = max(min(ends, today), _EARLIEST)
    return Period(first=max(begins, _EARLIEST), last=last_day, until_now=last_day == today)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise Refusal("period_unreadable", typed=typed.strip()) from None


def spans_of(day: date) -> tuple[str, str, str, str]:
    """The spans that contain a day: all time, its year, its month, the day itself."""
    return ALL_TIME, f"{day.year:04}", f"{day:%Y-%m}", day.isoformat()


def _end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
