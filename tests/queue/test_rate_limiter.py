"""Slowing down when the provider asks for it, and finding the highest rate that it accepts."""

from __future__ import annotations

import random

import pytest

from bot.queue.rate_limiter import RateLimiter

START = 1_000.0


def after(seconds: float) -> float:
    """A time in the test."""
    return START + seconds


@pytest.fixture
def rate_limiter() -> RateLimiter:
    """A limiter that has sent nothing yet."""
    return RateLimiter(random.Random(1))


def test_nothing_is_slowed_down_without_a_429(rate_limiter: RateLimiter) -> None:
    """A provider that accepts everything gets everything."""
    assert rate_limiter.allowance(START, 20) == 20
    rate_limiter.started(START, 20)
    assert rate_limiter.allowance(START, 20) == 20
    assert (rate_limiter.per_s, rate_limiter.next_at) == (None, None)


def test_refusals_of_one_burst_count_once(rate_limiter: RateLimiter) -> None:
    """Twenty orders in flight, twenty refusals: one short wait, and half the rate of the last ten seconds."""
    rate_limiter.started(START, 20)
    for _ in range(20):
        rate_limiter.refused(after(0.3), None)
    assert rate_limiter.per_s == 1.0
    assert rate_limiter.next_at is not None
    assert 1.5 < (rate_limiter.next_at - START) < 2.5
    assert rate_limiter.allowance(after(1), 20) == 0
    assert rate_limiter.allowance(after(3), 20) == 1


def test_retry_after_is_respected_up_to_an_hour(rate_limiter: RateLimiter) -> None:
    """Retry-After counts if it is longer than our wait; it is capped at an hour."""
    rate_limiter.refused(START, 17)
    assert rate_limiter.next_at == after(17)
    rate_limiter.refused(after(1), 86_400)
    assert rate_limiter.next_at == after(3_601)


def test_consecutive_refusals_wait_longer(rate_limiter: RateLimiter) -> None:
    """Up to a minute, and never slower than one order in five seconds."""
    waits = []
    now = 0.0
    for _ in range(10):
        rate_limiter.refused(after(now), None)
        assert rate_limiter.next_at is not None
        waits.append(rate_limiter.next_at - after(now))
        now += waits[-1]
    assert waits[0] < 2.1
    assert 45 < waits[-1] <= 60
    assert rate_limiter.per_s == 0.2


def test_rate_recovers_until_there_is_no_limit(rate_limiter: RateLimiter) -> None:
    """Each accepted order raises the rate a little; in a few minutes the limit is gone."""
    rate_limiter.started(START, 20)
    rate_limiter.refused(START, None)
    now, sent = 3.0, 0
    while rate_limiter.per_s is not None:
        allowed = rate_limiter.allowance(after(now), 20)
        rate_limiter.started(after(now), allowed)
        for _ in range(allowed):
            rate_limiter.accepted()
        sent += allowed
        now += 0.05
        assert now < 600
    assert now > 60
    assert rate_limiter.allowance(after(now), 20) == 20


def test_provider_with_a_limit_is_well_used_and_rarely_exceeded(rate_limiter: RateLimiter) -> None:
    """It accepts 8 orders in any second: in ten minutes there are few refusals, and most of the capacity is used."""
    taken: list[float] = []
    refused = 0
    for step in range(12_000):
        now = step * 0.05
        allowed = rate_limiter.allowance(after(now), 20)
        rate_limiter.started(after(now), allowed)
        for _ in range(allowed):
            if sum(now - moment < 1 for moment in taken[-8:]) < 8:
                taken.append(now)
                rate_limiter.accepted()
            else:
                refused += 1
                rate_limiter.refused(after(now), None)
    assert refused < len(taken) / 25
    assert len(taken) > 0.5 * 8 * 600


def test_announced_time_of_the_next_order_is_exact(rate_limiter: RateLimiter) -> None:
    """A caller that checks again at that time may send: nothing would wake it a second time."""
    rate_limiter.refused(START, None)
    now = rate_limiter.next_at
    for _ in range(500):
        assert now is not None
        assert rate_limiter.allowance(now, 20) == 1
        rate_limiter.started(now, 1)
        rate_limiter.accepted()
        if rate_limiter.per_s is None or rate_limiter.per_s > 10:
            return
        now = rate_limiter.next_at
