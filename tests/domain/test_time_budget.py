"""Time budgets that refill."""

from __future__ import annotations

from bot.domain.time_budget import TimeBudget


def test_a_budget_is_spent_and_refills_to_its_capacity() -> None:
    """Spending of one key leaves the others unchanged; a cost beyond the rest has to be refilled first."""
    budget = TimeBudget(capacity_s=2.0, refill=0.5)
    assert budget.left_s("a", 0.0) == 2.0
    budget.spend("a", 3.0, 0.0)
    assert budget.left_s("a", 0.0) == -1.0
    assert budget.left_s("b", 0.0) == 2.0
    assert budget.left_s("a", 4.0) == 1.0
    assert budget.left_s("a", 1_000.0) == 2.0


def test_keys_with_a_full_budget_are_forgotten() -> None:
    """Memory is bounded by the keys used recently."""
    budget = TimeBudget(capacity_s=1.0, refill=1.0)
    for payer in range(25_000):
        budget.spend(payer, 0.001, float(payer))
    assert len(budget._spent) <= 10_001
    budget.spend("late", 0.5, 25_000.0)
    assert budget.left_s("late", 25_000.0) == 0.5
