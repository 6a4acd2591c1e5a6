"""Slowing down when the provider asks for it, and finding the fastest rate that it takes."""

from __future__ import annotations

import random

import pytest

from bot.queue.rate_limiter import Pace

START = 1_000.0


def after(seconds: float) -> float:
    """A moment of the test."""
    return START + seconds


@pytest.fixture
def pace() -> Pace:
    """One that has sent nothing yet."""
    return Pace(random.Random(1))


def test_nothing_is_slowed_down_without_a_refusal(pace: Pace) -> None:
    """A provider that takes everything gets everything."""
    assert pace.allowance(START, 20) == 20
    pace.started(START, 20)
    assert pace.allowance(START, 20) == 20
    assert (pace.per_s, pace.next_at) == (None, None)


def test_the_refusals_of_one_burst_count_once(pace: Pace) -> None:
    """Twenty orders under way, twenty refusals: one short wait, and half the rate of the last ten seconds."""
    pace.started(START, 20)
    for _ in range(20):
        pace.refused(after(0.3), None)
    assert pace.per_s == 1.0
    assert pace.next_at is not None
    assert 1.5 < (pace.next_at - START) < 2.5
    assert pace.allowance(after(1), 20) == 0
    assert pace.allowance(after(3), 20) == 1


def test_the_provider_is_left_alone_as_long_as_it_asks_but_not_for_a_day(pace: Pace) -> None:
    """Retry-After counts where it is longer; beyond an hour another refusal does no harm."""
    pace.refused(START, 17)
    assert pace.next_at == after(17)
    pace.refused(after(1), 86_400)
    assert pace.next_at == after(3_601)


def test_refusals_one_after_the_other_wait_ever_longer(pace: Pace) -> None:
    """Up to a minute, and never slower than one order in five seconds."""
    waits = []
    now = 0.0
    for _ in range(10):
        pace.refused(after(now), None)
        assert pace.next_at is not None
        waits.append(pace.next_at - after(now))
        now += waits[-1]
    assert waits[0] < 2.1
    assert 45 < waits[-1] <= 60
    assert pace.per_s == 0.2


def test_it_recovers_until_there_is_no_limit_any_more(pace: Pace) -> None:
    """Each order that is taken makes it a little faster; in a few minutes everything is as before."""
    pace.started(START, 20)
    pace.refused(START, None)
    now, sent = 3.0, 0
    while pace.per_s is not None:
        allowed = pace.allowance(after(now), 20)
        pace.started(after(now), allowed)
        for _ in range(allowed):
            pace.accepted()
        sent += allowed
        now += 0.05
        assert now < 600
    assert now > 60
    assert pace.allowance(after(now), 20) == 20


def test_a_provider_with_a_limit_is_used_well_and_seldom_bothered(pace: Pace) -> None:
    """It takes 8 orders in any second: in ten minutes it is refused seldom, and most of what it takes is sent."""
    taken: list[float] = []
    refused = 0
    for step in range(12_000):
        now = step * 0.05
        allowed = pace.allowance(after(now), 20)
        pace.started(after(now), allowed)
        for _ in range(allowed):
            if sum(now - moment < 1 for moment in taken[-8:]) < 8:
                taken.append(now)
                pace.accepted()
            else:
                refused += 1
                pace.refused(after(now), None)
    assert refused < len(taken) / 25
    assert len(taken) > 0.5 * 8 * 600


def test_the_moment_of_the_next_order_is_exact_enough_to_be_used(pace: Pace) -> None:
    """Whoever looks again at the moment that was named may send: nobody would wake it a second time."""
    pace.refused(START, None)
    now = pace.next_at
    for _ in range(500):
        assert now is not None
        assert pace.allowance(now, 20) == 1
        pace.started(now, 1)
        pace.accepted()
        if pace.per_s is None or pace.per_s > 10:
            return
        now = pace.next_at
