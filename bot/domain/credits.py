"""Money in integer micro-credits: the price of a picture, and the kinds of ledger rows."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Final

from bot.domain.picture import Resolution

MICRO: Final = 1_000_000

# Source: the vendor's guide; a picture's price relative to the price of 1K.
MULTIPLIER: Final = {
    Resolution.HALF_K: Fraction(1),
    Resolution.ONE_K: Fraction(1),
    Resolution.TWO_K: Fraction(4, 3),
    Resolution.FOUR_K: Fraction(2),
}


class Credits(int):
    """A sum of micro-credits as a typed value, so that texts format it as credits and not as a plain number."""

    __slots__ = ()


class LedgerKind(StrEnum):
    """What a ledger row records. Each job has at most one row of a kind.

    A job's reserve is closed by exactly one of charge, release or uncertain; a refund follows a charge.
    """

    RESERVE = "reserve"
    """Set aside while the job waits."""
    CHARGE = "charge"
    """Charged by the provider when it accepted the job."""
    RELEASE = "release"
    """The reserve was given back: the provider never charged it."""
    REFUND = "refund"
    """The provider reported a failure, which refunds the charge."""
    UNCERTAIN = "uncertain"
    """The request may have arrived: a possible charge that can't be confirmed."""
    ADJUST = "adjust"
    """A manual correction."""


def price(resolution: Resolution, credit_price_1k: Decimal, group_ratio: Decimal) -> int:
    """The price of one picture in micro-credits, rounded half up once at the end."""
    exact = Fraction(credit_price_1k) * MULTIPLIER[resolution] * Fraction(group_ratio) * MICRO
    return floor(exact + Fraction(1, 2))


def price_elsewhere(microcredits: int, here: Resolution, there: Resolution) -> int:
    """The price at another resolution of a picture with this price at one resolution."""
    return floor(microcredits * MULTIPLIER[there] / MULTIPLIER[here] + Fraction(1, 2))


def credits_number(microcredits: int) -> str:
    """An amount in credits as digits: `1`, `1.33`, `0.0067`."""
    number = Decimal(microcredits) / MICRO
    places = Decimal("0.01") if abs(number) >= Decimal("0.1") or not number else Decimal("0.0001")
    text = f"{number.quantize(places) or Decimal():f}"  # zero is never "-0"
    return text.rstrip("0").rstrip(".") if "." in text else text
