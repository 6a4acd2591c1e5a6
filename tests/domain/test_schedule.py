"""Poll times and retry delays."""

from __future__ import annotations

import random

import pytest

from bot.domain.picture import Resolution
from bot.domain.schedule import Durations, Polling, backoff_s, next_poll_s


@pytest.fixture
def rng() -> random.Random:
    """Repeatable jitter."""
    return random.Random(20260314)


def test_polls_come_every_3_to_5_seconds_with_jitter(rng: random.Random) -> None:
    """The guide's interval, with jitter over all of it so that jobs do not poll in step."""
    pauses = [next_poll_s(Polling(), 30.0, rng) for _ in range(500)]
    assert min(pauses) >= 3.0
    assert max(pauses) <= 5.0
    assert max(pauses) - min(pauses) > 1.5
    assert len(set(pauses)) > 400


def test_many_tasks_share_the_poll_rate(rng: random.Random) -> None:
    """A thousand tasks are polled as often, in total, as a quarter of them would be; a few are not slowed down."""
    of_few = [next_poll_s(Polling(), 30.0, rng, polled=250) for _ in range(500)]
    of_many = [next_poll_s(Polling(), 30.0, rng, polled=1_000) for _ in range(500)]
    assert max(of_few) <= 5.0
    assert 12.0 <= min(of_many) < max(of_many) <= 20.0
    assert next_poll_s(Polling(), 1_200.0, rng, polled=1_000) == 60.0


@pytest.mark.parametrize(("age_s", "late"), [(1_199.9, False), (1_200.0, True), (3_000.0, True)])
def test_after_the_timeout_polls_come_once_a_minute(age_s: float, late: bool, rng: random.Random) -> None:
    """A task that takes longer than 20 minutes is still polled: only an observed failure is refunded."""
    assert (next_poll_s(Polling(), age_s, rng) == 60.0) is late


def test_late_polls_are_never_faster_than_the_normal_ones(rng: random.Random) -> None:
    """A poll interval of two minutes is not shortened when it is late."""
    assert next_poll_s(Polling(every_s=120), 2_000, rng) == 120


def test_task_times_out_after_three_timeouts() -> None:
    """An hour with the default of 20 minutes."""
    assert Polling().give_up_s == 3_600
    assert (Polling().first_s, Polling().every_s) == (12, 4)


@pytest.mark.parametrize(("failures", "at_most"), [(1, 2.0), (2, 4.0), (3, 8.0), (5, 32.0), (6, 60.0), (10_000, 60.0)])
def test_backoff_doubles_up_to_its_cap(failures: int, at_most: float, rng: random.Random) -> None:
    """Each failure doubles the wait; jitter subtracts a fifth at most; huge counts do not overflow."""
    waits = [backoff_s(failures, base_s=2.0, cap_s=60.0, rng=rng) for _ in range(200)]
    assert max(waits) <= at_most
    assert min(waits) >= at_most * 0.8
    assert len(set(waits)) > 1


def test_expectation_is_the_median_of_recent_pictures() -> None:
    """One slow picture does not distort the forecast, and resolutions are separate."""
    durations = Durations(Polling())
    durations.learn(Resolution.ONE_K, [20, 22, 400])
    assert durations.expected_s(Resolution.ONE_K) == 22
    assert durations.expected_s(Resolution.FOUR_K) > 22


def test_only_the_latest_pictures_are_remembered() -> None:
    """A provider that became faster is learned."""
    durations = Durations(Polling(), kept=3)
    durations.learn(Resolution.ONE_K, [100, 100, 100, 10, 10, 10])
    assert durations.expected_s(Resolution.ONE_K) == 10


@pytest.mark.parametrize(
    ("recent", "expected"),
    [([], 12.0), ([40, 41], 12.0), ([2, 3, 4], 10.0), ([14, 15, 16], 14.0), ([90, 95, 99], 20.0)],
)
def test_first_poll_is_learned_within_10_to_20_seconds(recent: list[float], expected: float) -> None:
    """With three pictures or more, the first poll is when the fastest of them was ready, within the guide's bounds."""
    durations = Durations(Polling(first_s=12))
    durations.learn(Resolution.TWO_K, recent)
    assert durations.first_poll_s(Resolution.TWO_K) == pytest.approx(expected)


def test_first_poll_follows_its_setting() -> None:
    """A stand-in that is polled after half a second is polled with the same proportions, and expected as soon."""
    durations = Durations(Polling(first_s=0.6, every_s=0.2))
    durations.learn(Resolution.ONE_K, [60, 60, 60])
    assert durations.first_poll_s(Resolution.ONE_K) == pytest.approx(1.0)
    assert Durations(Polling(first_s=0.6)).expected_s(Resolution.ONE_K) < 2


@pytest.mark.parametrize(
    ("first_s", "expected_s"),
    [(12.0, [20, 25, 40, 75]), (6.0, [10, 12.5, 20, 37.5]), (30.0, [30, 30, 40, 75])],
)
def test_first_estimate_is_what_users_observe(first_s: float, expected_s: list[float]) -> None:
    """By resolution; shorter where the provider is polled sooner than usual, and never before the first poll."""
    durations = Durations(Polling(first_s=first_s))
    assert [durations.expected_s(resolution) for resolution in Resolution] == expected_s


def test_impossible_durations_are_not_learned() -> None:
    """A clock jump gives durations of zero, below zero, or above any time-out."""
    durations = Durations(Polling(timeout_s=100))
    durations.learn(Resolution.ONE_K, [-3_600, 0, 300.1, 4_000])
    assert durations.expected_s(Resolution.ONE_K) == 25
    durations.learn(Resolution.ONE_K, [300, 0.5, 300])
    assert durations.expected_s(Resolution.ONE_K) == 300
    durations.learn(Resolution.ONE_K, [0.5, 0.5])
    assert durations.expected_s(Resolution.ONE_K) == 0.5
