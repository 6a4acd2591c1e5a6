"""Periods and the spans they consist of."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.domain.period import Period, PeriodName, between, named, spans_of

TODAY = date(2026, 3, 14)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", date(2026, 3, 14), TODAY),
        ("7d", date(2026, 3, 8), TODAY),
        ("30d", date(2026, 2, 13), TODAY),
        ("month", date(2026, 3, 1), TODAY),
        ("last_month", date(2026, 2, 1), date(2026, 2, 28)),
        ("all", date(2015, 1, 1), TODAY),
    ],
)
def test_named_periods_end_today_or_with_their_month(name: str, first: date, last: date) -> None:
    """Seven days are today and the six before it."""
    assert named(PeriodName(name), TODAY) == Period(first=first, last=last)


def test_period_is_split_into_the_fewest_spans() -> None:
    """Whole years, whole months, and the days at both ends, each once and in order."""
    period = Period(first=date(2023, 11, 29), last=date(2026, 2, 2))
    assert list(period.spans()) == [
        "2023-11-29", "2023-11-30", "2023-12", "2024", "2025", "2026-01", "2026-02-01", "2026-02-02",
    ]  # fmt: skip
    assert list(Period(first=date(2024, 2, 1), last=date(2024, 2, 29)).spans()) == ["2024-02"]
    assert list(named(PeriodName.ALL, TODAY).spans()) == ["all"]
    assert list(between("", "2016-12-31", TODAY).spans()) == ["2015", "2016"]


def test_every_day_of_a_period_is_in_exactly_one_of_its_spans() -> None:
    """So that totals of spans are counted once."""
    period = Period(first=date(2024, 1, 30), last=date(2026, 1, 2))
    spans = set(period.spans())
    first = period.first.toordinal()
    assert all(len(spans & set(spans_of(date.fromordinal(first + number)))) == 1 for number in range(period.days))
    assert not spans & set(spans_of(date(2024, 1, 29)))
    assert not spans & set(spans_of(date(2026, 1, 3)))


def test_period_ends_with_its_last_day() -> None:
    """Its end is exclusive, in UTC."""
    period = named(PeriodName.TODAY, TODAY)
    assert period.begins_at == datetime(2026, 3, 14, tzinfo=UTC)
    assert period.ends_at == datetime(2026, 3, 15, tzinfo=UTC)
    assert period.days == 1
