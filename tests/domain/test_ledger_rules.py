"""Which ledgers are consistent, and what is reported of the others."""

from __future__ import annotations

import pytest

from bot.domain.credits import LedgerKind
from bot.domain.errors import Cost
from bot.domain.job import JobState
from bot.domain.ledger_rules import Account, faults

P = 1_333_333


def account(state: str, *kinds: str, cost: str = "nothing", ordered: bool = True, **amounts: int) -> Account:
    """A job with rows of these kinds, with its price unless another amount is given."""
    rows = {LedgerKind(kind): -P if kind == "adjust" else P for kind in kinds}
    rows |= {LedgerKind(kind): amount for kind, amount in amounts.items()}
    return Account(state=JobState(state), cost=Cost(cost), price_microcredits=P, amounts=rows, ordered=ordered)


@pytest.mark.parametrize(
    "sound",
    [
        account("queued", "reserve", ordered=False),
        account("submitting", "reserve"),
        account("uncertain", "reserve", "uncertain"),
        account("running", "reserve", "charge"),
        account("running", "reserve", "uncertain", "adjust", "charge"),
        account("delivered", "reserve", "charge"),
        account("ready", "reserve", "charge"),
        account("cancelled", "reserve", "release", ordered=False),
        account("cancelled", "reserve", "uncertain"),
        account("failed", "reserve", "release"),
        account("failed", "reserve", "charge", "refund"),
        account("failed", "reserve", "charge", cost="charged"),
        account("failed", "reserve", "uncertain", cost="possibly"),
    ],
    ids=lambda a: f"{a.state}: {', '.join(a.amounts)}",
)
def test_every_end_of_a_job_balances(sound: Account) -> None:
    """A consistent ledger has no findings."""
    assert faults(sound) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (account("delivered"), "nothing was reserved for it"),
        (account("delivered", "reserve"), "it has no charge"),
        (account("delivered", "reserve", "release"), "it has no charge"),
        (account("delivered", "reserve", "charge", ordered=False), "it is charged but was never submitted"),
        (account("delivered", "reserve", "charge", "refund"), "it is refunded but did not fail"),
        (account("delivered", "reserve", charge=P - 1), f"its charge is {P - 1}, its price {P}"),
        (account("queued", "reserve", "release"), f"{P} of its reserve is closed, it should be 0"),
        (account("cancelled", "reserve"), f"0 of its reserve is closed, it should be {P}"),
        (account("running", "reserve", "uncertain", "charge"), f"{2 * P} of its reserve is closed, it should be {P}"),
        (account("failed", "reserve", "release", "refund"), "it is refunded but was never charged"),
        (account("failed", "reserve", "charge"), "its failure is said to have cost nothing, but a charge stands"),
        (account("running", "reserve", "adjust", "charge"), "it is adjusted but was never uncertain"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_inconsistency_is_named(wrong: Account, said: str) -> None:
    """A row too many, one too few or one of another amount is found, each with its own text."""
    assert said in faults(wrong)
