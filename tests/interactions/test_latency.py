"""The age of an interaction on arrival, with unsynchronised clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.interactions.latency import LatencyEstimate
from tests.support.clock import FakeClock

AHEAD = [0.0, 5.0, -5.0, 7200.0, -7200.0]


@pytest.mark.parametrize("ahead_s", AHEAD)
def test_late_interaction_is_detected_with_a_wrong_clock(ahead_s: float) -> None:
    """After a fast one, another that took four seconds is measured as four seconds old."""
    clock = FakeClock()
    latency = LatencyEstimate(clock)
    assert latency.age_s(clock.now() - timedelta(seconds=0.1 + ahead_s)) == pytest.approx(0.1 if not ahead_s else 0.0)
    clock.shift(30)
    assert latency.age_s(clock.now() - timedelta(seconds=4.1 + ahead_s)) == pytest.approx(4.0)
    assert latency.age_s(clock.now() - timedelta(seconds=0.2 + ahead_s)) < 0.3


def test_first_interaction_age_is_trusted_if_possible() -> None:
    """Two seconds may be its real age; an hour can't be, since Discord would have given up."""
    clock = FakeClock()
    assert LatencyEstimate(clock).age_s(clock.now() - timedelta(seconds=2)) == pytest.approx(2.0)
    assert LatencyEstimate(clock).age_s(clock.now() - timedelta(hours=1)) == 0.0


def test_corrected_clock_is_trusted_again_after_some_minutes() -> None:
    """It was minutes ahead; after the correction interactions are on time at once, and vice versa."""
    clock = FakeClock()
    latency = LatencyEstimate(clock)

    def age_s(ahead_s: float) -> float:
        return latency.age_s(clock.now() - timedelta(seconds=ahead_s))

    assert age_s(300.0) == 0.0
    assert age_s(-1.0) == 0.0
    assert age_s(299.0) == pytest.approx(300.0)
    for _ in range(3):
        clock.shift(601)
        last = age_s(299.0)
    assert last == 0.0
