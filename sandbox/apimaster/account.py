"""The customer's account: its charges and refunds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sandbox.apimaster.catalogue import PRICE
from sandbox.apimaster.knobs import Knobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One charge or refund; `time` is wall-clock time in seconds, `credits` is always positive."""

    time: float
    task_id: str
    kind: Literal["charge", "refund"]
    credits: float


class Account:
    """The account's movements and its balance, which is stored in the knobs so that it can be set from outside."""

    def __init__(self, knobs: Knobs, now: Callable[[], float] = time.time) -> None:
        self._knobs = knobs
        self._now = now
        self.charges: list[Charge] = []

    def price(self, resolution: str) -> float:
        """Channel price x resolution multiplier x group ratio, in credits."""
        return round(self._knobs.price_1k * float(PRICE[resolution]) * self._knobs.group_ratio, 6)

    def affords(self, credits_needed: float) -> bool:
        """Whether a task of this price is accepted."""
        return self._knobs.unlimited or self._knobs.balance >= credits_needed

    def charge(self, task_id: str, credits_taken: float) -> None:
        """Charge a task's price, when it is submitted."""
        self._move(task_id, "charge", credits_taken)

    def refund(self, task_id: str, credits_given: float) -> None:
        """Refund a failed task's price, when its failure is first observed."""
        self._move(task_id, "refund", credits_given)

    @property
    def used(self) -> float:
        """Credits charged and not refunded."""
        return sum(entry.credits if entry.kind == "charge" else -entry.credits for entry in self.charges)

    def _move(self, task_id: str, kind: Literal["charge", "refund"], amount: float) -> None:
        sign = -1 if kind == "charge" else 1
        self._knobs.balance = round(self._knobs.balance + sign * amount, 6)
        self.charges.append(Charge(time=self._now(), task_id=task_id, kind=kind, credits=amount))
