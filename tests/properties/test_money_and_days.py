"""Sums, amounts, durations and days: typed values are parsed correctly or refused, and round-trip."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.domain.credits import MICRO, MULTIPLIER, credits_number, price, price_elsewhere
from bot.domain.duration import parse_duration
from bot.domain.errors import Refusal
from bot.domain.period import PeriodName, between, named
from bot.domain.picture import Resolution
from bot.domain.quota import UNLIMITED, Limit, amount_text, parse_amount
from bot.localization.catalogue import LOCALES, words_for

_RESOLUTIONS = st.sampled_from(Resolution)
_RATES = st.decimals(0, 1_000, allow_nan=False, allow_infinity=False, places=6)
_TYPED = st.text(max_size=12) | st.text("0123456789.-+eE_ smhdw,unlimtd∞", max_size=14)
_COUNTED = (Limit.PICTURES_DAY, Limit.PICTURES_MONTH, Limit.COUNT)
_MONEY = (Limit.CREDITS_DAY, Limit.CREDITS_MONTH, Limit.SERVER_CREDITS_MONTH)
_TODAY = date(2026, 11, 23)
_UNITS = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hours": timedelta(hours=1),
    "d": timedelta(days=1),
    "days": timedelta(days=1),
    "w": timedelta(weeks=1),
    "WEEKS": timedelta(weeks=1),
}


@given(_RESOLUTIONS, _RATES, _RATES)
def test_a_price_is_rounded_once(resolution: Resolution, rate: Decimal, ratio: Decimal) -> None:
    """Within half a micro-credit of the exact product, and never negative."""
    exact = Fraction(rate) * Fraction(ratio) * MULTIPLIER[resolution] * MICRO
    assert price(resolution, rate, ratio) >= 0
    assert -Fraction(1, 2) < price(resolution, rate, ratio) - exact <= Fraction(1, 2)


@given(_RESOLUTIONS, _RESOLUTIONS, st.integers(0, 10**15))
def test_price_at_another_resolution_round_trips(here: Resolution, there: Resolution, paid: int) -> None:
    """Converted to another resolution and back it differs by at most a micro-credit."""
    assert abs(price_elsewhere(price_elsewhere(paid, here, there), there, here) - paid) <= 1
    assert price_elsewhere(paid, here, here) == paid


@given(st.integers(-(2**63), 2**63 - 1))
@example(-1)
@example(-49)
def test_sum_is_formatted_accurately(microcredits: int) -> None:
    """Within half of its last digit; without needless zeros; and never negative."""
    told = credits_number(microcredits)
    last = Decimal("0.01") if abs(microcredits) >= MICRO // 10 else Decimal("0.0001")
    assert abs(Decimal(told) - Decimal(microcredits) / MICRO) <= last / 2
    assert told != "-0"
    assert "." not in told or told[-1] not in "0."


@given(st.sampled_from(["en-GB", *LOCALES]), st.integers(-(2**63), 2**63 - 1))
def test_sum_is_formatted_in_every_language(locale: str, microcredits: int) -> None:
    """One credit is singular, whatever the separators."""
    assert words_for(locale).credits(microcredits)
    assert ("credits" in words_for("en-GB").credits(microcredits)) is (credits_number(microcredits) != "1")


@given(st.sampled_from((*_COUNTED, *_MONEY)), _TYPED)
@example(Limit.CREDITS_DAY, "0e999999")
@example(Limit.PICTURES_DAY, "sNaN")
def test_any_amount_is_a_number_or_refused(limit: Limit, typed: str) -> None:
    """The formatted value parses to the same amount."""
    try:
        amount = parse_amount(limit, typed)
    except Refusal as refusal:
        assert refusal.values == {"typed": typed}  # noqa: PT017 - a refusal is one of two right answers
        return
    assert amount is None or amount >= 0
    assert parse_amount(limit, amount_text(limit, amount)) == amount


@given(st.sampled_from(_MONEY), st.integers(0, 10**15))
def test_every_sum_can_be_typed(limit: Limit, microcredits: int) -> None:
    """To the last micro-credit."""
    assert parse_amount(limit, amount_text(limit, microcredits)) == microcredits
    assert parse_amount(limit, UNLIMITED) is None


@given(_TYPED)
def test_any_duration_is_one_or_refused(typed: str) -> None:
    """From a minute to five years, or a refusal that quotes the input."""
    try:
        assert timedelta(minutes=1) <= parse_duration(typed) <= timedelta(days=5 * 365)
    except Refusal as refusal:
        assert refusal.values == {"typed": typed}  # noqa: PT017 - see above


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from(sorted(_UNITS)), st.sampled_from(["", " ", ", "]))))
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str, str]]) -> None:
    """In any notation and with any separators."""
    total = sum((number * _UNITS[unit] for number, unit, _ in parts), timedelta())
    assume(timedelta() < total <= timedelta(days=5 * 365))
    typed = " ".join(f"{number}{blank.strip(',')}{unit}{blank}" for number, unit, blank in parts)
    assert parse_duration(typed) == total


@given(st.dates(), st.dates())
def test_spans_of_a_period_are_its_days(one: date, other: date) -> None:
    """Years, months and days follow each other without a gap, and none is counted twice."""
    first, last = min(one, other), max(one, other)
    assume(first <= _TODAY)
    period = between(first.isoformat(), last.isoformat(), _TODAY)
    assert period.last <= _TODAY
    if period.everything and period.until_now:
        assert list(period.spans()) == ["all"]
        return
    spans = list(period.spans())
    assert sum(map(_days_in, spans)) == period.days
    assert spans == sorted(spans, key=lambda span: (span + "-01-01")[:10])


def _days_in(span: str) -> int:
    begins = date.fromisoformat((span + "-01-01")[:10])
    match span.count("-"):
        case 0:
            return (date(begins.year + 1, 1, 1) - begins).days
        case 1:
            return ((begins.replace(day=28) + timedelta(days=4)).replace(day=1) - begins).days
    return 1


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_days_are_a_period_or_refused(first: str, last: str) -> None:
    """Nothing else is raised, for any input."""
    try:
        period = between(first, last, _TODAY)
    except Refusal:
        return
    assert period.first <= period.last <= _TODAY


@given(st.dates(date(2015, 1, 2), date(9999, 12, 30)), st.sampled_from(PeriodName))
def test_every_named_period_has_days(today: date, name: PeriodName) -> None:
    """On each day of any year, and none of them is later than it."""
    period = named(name, today)
    assert period.first <= period.last <= today
    assert period.begins_at < period.ends_at


@pytest.mark.parametrize("resolution", Resolution)
def test_a_resolution_is_read_in_any_case(resolution: Resolution) -> None:
    """As a quota amount it is its rank."""
    amount = parse_amount(Limit.RESOLUTION, resolution.value.lower())
    assert amount_text(Limit.RESOLUTION, amount) == resolution.value
