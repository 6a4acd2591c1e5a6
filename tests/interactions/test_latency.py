"""How old an interaction is when it comes, by whatever clocks there are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.interactions.latency import LatencyEstimate
from tests.support.clock import FakeClock

AHEAD = [0.0, 5.0, -5.0, 7200.0, -7200.0]


@pytest.mark.parametrize("ahead_s", AHEAD)
def test_what_came_late_is_known_whoever_s_clock_is_wrong(ahead_s: float) -> None:
    """After one that came quickly, another that was four seconds on its way is four seconds old."""
    clock = FakeClock()
    latency = LatencyEstimate(clock)
    assert latency.age_s(clock.now() - timedelta(seconds=0.1 + ahead_s)) == pytest.approx(0.1 if not ahead_s else 0.0)
    clock.shift(30)
    assert latency.age_s(clock.now() - timedelta(seconds=4.1 + ahead_s)) == pytest.approx(4.0)
    assert latency.age_s(clock.now() - timedelta(seconds=0.2 + ahead_s)) < 0.3


def test_the_first_one_is_believed_where_its_age_is_possible() -> None:
    """Two seconds may be what it took; an hour was not, since Discord would not have waited for the answer."""
    clock = FakeClock()
    assert LatencyEstimate(clock).age_s(clock.now() - timedelta(seconds=2)) == pytest.approx(2.0)
    assert LatencyEstimate(clock).age_s(clock.now() - timedelta(hours=1)) == 0.0


def test_a_clock_that_was_put_right_is_believed_again_after_some_minutes() -> None:
    """It was ahead by minutes; what comes after it was put right is on time at once, and also the other way round."""
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
