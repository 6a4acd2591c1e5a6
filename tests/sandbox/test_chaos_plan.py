"""What a crash campaign draws from its seed."""

from __future__ import annotations

from sandbox.chaos import Plan
from sandbox.chaos.plan import STEPS, Change


def test_a_seed_draws_the_same_campaign_each_time() -> None:
    """Orders and kills can be replayed from the number that was printed; another number gives others."""
    assert Plan.drawn(7, jobs=100, kills=50) == Plan.drawn(7, jobs=100, kills=50)
    assert Plan.drawn(7, jobs=100, kills=50) != Plan.drawn(8, jobs=100, kills=50)


def test_as_many_pictures_and_kills_are_drawn_as_were_asked_for() -> None:
    """The last order is cut to what is left; no two orders have the same prompt, by which they are told apart."""
    plan = Plan.drawn(3, jobs=301, kills=17)
    assert plan.pictures == 301
    assert len(plan.moments) == 17
    assert {order.count for order in plan.orders} == {1, 2, 3, 4}
    assert len({order.prompt for order in plan.orders}) == len(plan.orders)


def test_orders_are_of_every_kind() -> None:
    """Remixes, private ones, such as are cancelled or hidden, in every kind of place."""
    orders = Plan.drawn(1, jobs=1_000, kills=0).orders
    assert {order.references for order in orders} == {0, 1, 2}
    assert {order.private for order in orders} == {True, False}
    assert {order.change for order in orders} == set(Change)
    assert {"general", "elsewhere", "dm"} <= {order.channel for order in orders}


def test_a_long_campaign_kills_at_every_step() -> None:
    """Three kills of five are at a step, each step once before any comes again; the others need none."""
    moments = Plan.drawn(5, jobs=1, kills=2 * len(STEPS)).moments
    assert {step.name for step in STEPS} <= {moment.name for moment in moments}
    assert any(moment.while_starting for moment in moments)
    assert any(moment.name == "a random time" for moment in moments)


def test_a_long_campaign_stops_in_every_manner_and_takes_backups() -> None:
    """SIGTERM alone, SIGTERM with SIGKILL in the middle of the stop, and now and then a backup beside the kill."""
    moments = Plan.drawn(2, jobs=1, kills=100).moments
    stops = [moment for moment in moments if moment.gently]
    assert {moment.killed_after_s is None for moment in stops} == {True, False}
    assert 10 < sum(moment.with_backup for moment in moments) < 20
