"""The price of a picture, and the format of sums."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.domain.credits import MICRO, credits_number, price, price_elsewhere
from bot.domain.picture import Resolution

ONE = Decimal(1)


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [("0.5K", 1_000_000), ("1K", 1_000_000), ("2K", 1_333_333), ("4K", 2_000_000)],
)
def test_price_follows_the_guides_table(resolution: str, expected: int) -> None:
    """0.5K and 1K cost one credit, 2K four thirds, 4K two."""
    assert price(Resolution(resolution), ONE, ONE) == expected


@pytest.mark.parametrize(
    ("credit_price", "ratio", "expected"),
    [
        ("0.0000005", "1", 1),  # exactly half a micro-credit goes up
        ("0.00000049", "1", 0),
        ("0.0000015", "1", 2),  # half up, not half to even
        ("0.067", "0.8", 53_600),
        ("0", "1", 0),
        ("1", "0", 0),
    ],
)
def test_price_is_rounded_half_up(credit_price: str, ratio: str, expected: int) -> None:
    """Half a micro-credit is rounded up; a free group or price costs nothing."""
    assert price(Resolution.ONE_K, Decimal(credit_price), Decimal(ratio)) == expected


def test_price_is_rounded_once() -> None:
    """Price, multiplier and ratio are multiplied exactly: three times a third of 4/3 is exactly 4/3."""
    assert price(Resolution.TWO_K, Decimal("0.75"), ONE) == MICRO
    # 0.0000005 x 4/3 x 0.75 is exactly half a micro-credit; rounding in between would lose it.
    assert price(Resolution.TWO_K, Decimal("0.0000005"), Decimal("0.75")) == 1


@pytest.mark.parametrize(
    ("microcredits", "expected"),
    [
        (0, "0"),
        (MICRO, "1"),
        (2 * MICRO, "2"),
        (1_333_333, "1.33"),
        (1_500_000, "1.5"),
        (100 * MICRO, "100"),
        (6_700, "0.0067"),
        (999_999, "1"),
        (-1_333_333, "-1.33"),
        (12_345_678_900_000, "12345678.9"),
    ],
)
def test_sums_are_formatted_without_needless_digits(microcredits: int, expected: str) -> None:
    """No trailing zeros, two places for sums, four for fractions of a tenth."""
    assert credits_number(microcredits) == expected


@pytest.mark.parametrize("credit_price", ["1", "0.06", "0.0672", "0.0000015"])
@pytest.mark.parametrize("here", Resolution)
@pytest.mark.parametrize("there", Resolution)
def test_price_at_another_resolution_matches_a_fresh_computation(
    credit_price: str, here: Resolution, there: Resolution
) -> None:
    """Computed from a rounded price, it is at most a micro-credit off."""
    paid = price(here, Decimal(credit_price), ONE)
    assert abs(price_elsewhere(paid, here, there) - price(there, Decimal(credit_price), ONE)) <= 1


@pytest.mark.parametrize(
    ("paid", "here", "there", "expected"),
    [
        (1, "1K", "2K", 1),
        (2, "1K", "2K", 3),
        (2, "2K", "1K", 2),
        (1, "4K", "1K", 1),
        (3, "4K", "2K", 2),
        (0, "1K", "4K", 0),
    ],
)
def test_price_elsewhere_is_rounded_half_up(paid: int, here: str, there: str, expected: int) -> None:
    """To the micro-credit: a half counts as one."""
    assert price_elsewhere(paid, Resolution(here), Resolution(there)) == expected
