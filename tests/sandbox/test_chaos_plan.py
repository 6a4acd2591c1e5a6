"""The plan that a chaos campaign draws from its seed."""

from __future__ import annotations

from sandbox.chaos import Plan
from sandbox.chaos.plan import STEPS, Change


def test_seed_draws_the_same_campaign_each_time() -> None:
    """Orders and kills can be repeated with the printed seed; another seed gives others."""
    assert Plan.drawn(7, jobs=100, kills=50) == Plan.drawn(7, jobs=100, kills=50)
    assert Plan.drawn(7, jobs=100, kills=50) != Plan.drawn(8, jobs=100, kills=50)


def test_plan_has_the_requested_pictures_and_kills() -> None:
    """The last order is cut to the remaining number; every order has a unique prompt, which identifies it."""
    plan = Plan.drawn(3, jobs=301, kills=17)
    assert plan.pictures == 301
    assert len(plan.moments) == 17
    assert {order.count for order in plan.orders} == {1, 2, 3, 4}
    assert len({order.prompt for order in plan.orders}) == len(plan.orders)


def test_orders_are_of_every_kind() -> None:
    """Remixes, private, cancelled and spoiler orders, in every kind of channel."""
    orders = Plan.drawn(1, jobs=1_000, kills=0).orders
    assert {order.references for order in orders} == {0, 1, 2}
    assert {order.private for order in orders} == {True, False}
    assert {order.change for order in orders} == set(Change)
    assert {"general", "elsewhere", "dm"} <= {order.channel for order in orders}


def test_long_campaign_kills_at_every_step() -> None:
    """Three of five kills are at a step, each step once before any repeats; the others are at random times."""
    moments = Plan.drawn(5, jobs=1, kills=2 * len(STEPS)).moments
    assert {step.name for step in STEPS} <= {moment.name for moment in moments}
    assert any(moment.while_starting for moment in moments)
    assert any(moment.name == "a random time" for moment in moments)


def test_long_campaign_stops_in_every_way_and_takes_backups() -> None:
    """SIGTERM alone, SIGTERM with SIGKILL in the middle of the stop, and sometimes a backup during the kill."""
    moments = Plan.drawn(2, jobs=1, kills=100).moments
    stops = [moment for moment in moments if moment.gently]
    assert {moment.killed_after_s is None for moment in stops} == {True, False}
    assert 10 < sum(moment.with_backup for moment in moments) < 20
