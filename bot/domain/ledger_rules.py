"""Invariants of the ledger: which rows a job must have in each state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.credits import LedgerKind
from bot.domain.errors import Cost
from bot.domain.job import JobState

_CLOSING: Final = (LedgerKind.CHARGE, LedgerKind.RELEASE, LedgerKind.UNCERTAIN, LedgerKind.ADJUST)
_OPEN: Final = frozenset({JobState.QUEUED, JobState.SUBMITTING})
"""Nothing has been settled yet: only the reserve exists."""
_TAKEN: Final = frozenset({JobState.RUNNING, JobState.FETCHED, JobState.READY, JobState.DELIVERED})
"""States after the provider accepted, and thereby charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One job's accounting: its state, its price, and the amount of each kind of ledger row.

    `ordered` says whether its history records that a POST was about to be sent.
    """

    state: JobState
    cost: Cost
    price_microcredits: int
    amounts: Mapping[LedgerKind, int]
    ordered: bool

    def of(self, kind: LedgerKind) -> int:
        """The amount of a kind; 0 if there is no such row."""
        return self.amounts.get(kind, 0)


def faults(account: Account) -> list[str]:
    """Every violation in one job's ledger, each as half a sentence; empty if there is none."""
    return [*_wrong_amounts(account), *_wrong_sums(account), *_wrong_rows(account)]


def _wrong_amounts(account: Account) -> list[str]:
    """Each row has the job's price as its amount; an adjust reverses an uncertain row, so it is negative."""
    price = account.price_microcredits
    return [
        f"its {kind.value} is {amount}, its price {price}"
        for kind, amount in account.amounts.items()
        if amount != (-price if kind is LedgerKind.ADJUST else price)
    ]


def _wrong_sums(account: Account) -> list[str]:
    """A reserve is closed once the job was submitted or ended, and only then."""
    if LedgerKind.RESERVE not in account.amounts:
        return ["nothing was reserved for it"]
    closed = sum(account.of(kind) for kind in _CLOSING)
    expected = 0 if account.state in _OPEN else account.of(LedgerKind.RESERVE)
    return [] if closed == expected else [f"{closed} of its reserve is closed, it should be {expected}"]


def _wrong_rows(account: Account) -> list[str]:
    """No charge without an order, no picture without a charge, no refund without a charge."""
    kinds, state = account.amounts.keys(), account.state
    found = []
    if LedgerKind.CHARGE in kinds and not account.ordered:
        found.append("it is charged but was never submitted")
    if state in _TAKEN and LedgerKind.CHARGE not in kinds:
        found.append("it has no charge")
    if LedgerKind.REFUND in kinds and LedgerKind.CHARGE not in kinds:
        found.append("it is refunded but was never charged")
    if LedgerKind.REFUND in kinds and state is not JobState.FAILED:
        found.append("it is refunded but did not fail")
    if LedgerKind.ADJUST in kinds and LedgerKind.UNCERTAIN not in kinds:
        found.append("it is adjusted but was never uncertain")
    if (
        state is JobState.FAILED
        and account.cost is Cost.NOTHING
        and account.of(LedgerKind.CHARGE) != account.of(LedgerKind.REFUND)
    ):
        found.append("its failure is said to have cost nothing, but a charge stands")
    return found
