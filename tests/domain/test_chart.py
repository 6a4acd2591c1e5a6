"""The bars of a chart of credits."""

from __future__ import annotations

from datetime import date

from bot.domain.chart import DayCredits, credits_chart
from bot.domain.period import Period, PeriodName, named

ORDER = ("0.5K", "1K", "2K", "4K")


def spent(day: date, resolution: str = "1K", credits_spent: int = 1) -> DayCredits:
    """The credits spent on a day."""
    return DayCredits(day=day, resolution=resolution, spent_microcredits=credits_spent * 1_000_000)


def test_each_day_has_a_bar_even_without_spending() -> None:
    """Stacked in the order of the resolutions, without unused ones."""
    period = Period(first=date(2026, 2, 27), last=date(2026, 3, 2))
    rows = [spent(date(2026, 2, 27), "4K", 6), spent(date(2026, 3, 2)), spent(date(2026, 3, 2), "4K", 2)]
    chart = credits_chart(rows, period, ORDER)
    assert chart.title == "Credits by day"
    assert chart.labels == ["27 Feb", "28 Feb", "1 Mar", "2 Mar"]
    assert chart.series == {"1K": [0, 0, 0, 1], "4K": [6, 0, 0, 2]}
    assert list(chart.series) == ["1K", "4K"]


def test_long_periods_have_a_bar_for_each_week_or_month() -> None:
    """So that a phone shows readable bars; the sums are unchanged."""
    rows = [spent(date(2026, 1, 1)), spent(date(2026, 1, 4)), spent(date(2026, 1, 5))]
    weeks = credits_chart(rows, Period(first=date(2026, 1, 1), last=date(2026, 6, 30)), ORDER)
    assert (weeks.title, weeks.labels[:2], weeks.series["1K"][:3]) == (
        "Credits by week",
        ["29 Dec", "5 Jan"],
        [2, 1, 0],
    )
    months = credits_chart(rows, Period(first=date(2024, 1, 1), last=date(2026, 1, 31)), ORDER)
    assert (months.title, months.labels[-1], months.series["1K"][-1]) == ("Credits by month", "Jan 2026", 3)
    assert len(months.labels) == 25


def test_chart_starts_on_the_first_day_with_spending() -> None:
    """Not with years of nothing; a server without any credits has one empty day."""
    everything = named(PeriodName.ALL, date(2026, 3, 14))
    assert credits_chart([spent(date(2026, 3, 12))], everything, ORDER).labels == ["12 Mar", "13 Mar", "14 Mar"]
    assert credits_chart([], everything, ORDER).labels == ["14 Mar"]
