"""A histogram of waits, and its median."""

from __future__ import annotations

import statistics

import pytest

from bot.domain.wait_histogram import class_of, median


@pytest.mark.parametrize(
    ("wait_ms", "expected"),
    [
        (-5, 0),
        (499, 0),
        (500, 1),
        (119_499, 119),
        (119_500, 120),
        (122_500, 125),
        (1_197_500, 1_200),
        (5_400_000, 5_400),
    ],
)
def test_buckets_grow_with_the_wait(wait_ms: int, expected: int) -> None:
    """Seconds for short waits, minutes for long ones; a negative wait counts as none."""
    assert class_of(wait_ms) == expected


@pytest.mark.parametrize("waits", [[7], [3, 9], [9, 1, 5], [1, 1, 1, 100], list(range(50))])
def test_median_of_buckets_is_the_lower_median_of_the_waits(waits: list[int]) -> None:
    """As long as buckets are single seconds, it is exact."""
    assert median({wait: waits.count(wait) for wait in waits}) == statistics.median_low(waits)


def test_empty_histogram_has_no_median() -> None:
    """Neither no counts nor only zeros."""
    assert median({}) is None
    assert median({5: 0}) is None
