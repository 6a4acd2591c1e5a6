"""Money in integer micro-credits: what a picture costs, and the words of the ledger."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Final

from bot.domain.picture import Resolution

MICRO: Final = 1_000_000

# Source: the vendor's guide; a picture's price against the one of 1K.
MULTIPLIER: Final = {
    Resolution.HALF_K: Fraction(1),
    Resolution.ONE_K: Fraction(1),
    Resolution.TWO_K: Fraction(4, 3),
    Resolution.FOUR_K: Fraction(2),
}


class Credits(int):
    """A sum of micro-credits among other numbers, so that a sentence can tell it as a sum."""

    __slots__ = ()


class LedgerKind(StrEnum):
    """What a ledger row records. Each job has at most one row of a kind.

    A job's reserve is closed by exactly one of charge, release or uncertain; a refund follows a charge.
    """

    RESERVE = "reserve"
    """Held back while the job waits."""
    CHARGE = "charge"
    """The provider accepted the job, and charges at that moment."""
    RELEASE = "release"
    """Given back: the provider never charged it."""
    REFUND = "refund"
    """The provider was seen to report a failure, which gives its charge back."""
    UNCERTAIN = "uncertain"
    """The request may have arrived: a possible charge that nobody can confirm."""
    ADJUST = "adjust"
    """A correction by hand."""


def price(resolution: Resolution, credit_price_1k: Decimal, group_ratio: Decimal) -> int:
    """The price of one picture in micro-credits, rounded half up once."""
    exact = Fraction(credit_price_1k) * MULTIPLIER[resolution] * Fraction(group_ratio) * MICRO
    return floor(exact + Fraction(1, 2))


def price_elsewhere(microcredits: int, here: Resolution, there: Resolution) -> int:
    """What a picture that cost this much at one resolution costs at another."""
    return floor(microcredits * MULTIPLIER[there] / MULTIPLIER[here] + Fraction(1, 2))


def credits_number(microcredits: int) -> str:
    """A sum in credits as digits: `1`, `1.33`, `0.0067`."""
    number = Decimal(microcredits) / MICRO
    places = Decimal("0.01") if abs(number) >= Decimal("0.1") or not number else Decimal("0.0001")
    text = f"{number.quantize(places) or Decimal():f}"  # nothing is never "-0"
    return text.rstrip("0").rstrip(".") if "." in text else text
