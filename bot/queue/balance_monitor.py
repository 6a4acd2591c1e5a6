"""Reading the balance, where the provider tells it: a warning before it is empty, and an earlier try once it is not."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from bot.clock import Clock
from bot.domain.errors import ProviderError, StoreError
from bot.ports import OwnerAlerts
from bot.queue.gate import SubmissionGate

log = logging.getLogger(__name__)

_NOT_TOLD_AGAIN_S: Final = 3_600.0
"""A provider that does not tell its balance is asked again so seldom."""
_WARNED: Final = "low_balance_warned"


class Facts(Protocol):
    """Small facts about the installation that outlive a restart."""

    async def fact(self, name: str) -> str | None:
        """A remembered fact."""
        ...

    async def remember(self, name: str, value: str) -> None:
        """Remember it, in place of an earlier one of that name."""
        ...


class BalanceMonitor:
    """Reads once a minute. A reading is no proof either way: only an order that is taken opens the gate."""

    def __init__(
        self,
        *,
        gate: SubmissionGate,
        read: Callable[[], Awaitable[float | None]],
        alerts: OwnerAlerts,
        facts: Facts,
        clock: Clock,
        every_s: float,
        low: float,
    ) -> None:
        self._gate = gate
        self._read = read
        self._alerts = alerts
        self._facts = facts
        self._clock = clock
        self._every_s = every_s
        self._low = low
        self._while_closed: float | None = None
        self.balance: float | None = None
        """The last reading, in the provider's own unit."""

    async def run(self) -> None:
        """Read for ever; trouble is left to the next time."""
        while True:
            pause_s = self._every_s
            try:
                if not await self.look():
                    pause_s = max(_NOT_TOLD_AGAIN_S, self._every_s)
            except (ProviderError, StoreError) as error:
                log.info("balance_not_read", extra={"reason": type(error).__name__})
            await self._clock.sleep(pause_s)

    async def look(self) -> bool:
        """Read once and act on it; returns whether the provider tells its balance."""
        self.balance = await self._read()
        if self.balance is None:
            return False
        await self._probe_if_topped_up(self.balance)
        if self._low > 0:
            await self._warn_if_low(self.balance)
        return True

    async def _probe_if_topped_up(self, balance: float) -> None:
        """What an order costs in the provider's unit is not known; that there is more than before, is."""
        gate = self._gate.state
        if not (gate.closed and gate.reason == "balance"):
            self._while_closed = None
            return
        before, self._while_closed = self._while_closed, balance
        if before is not None and balance > before:
            log.info("balance_rose", extra={"balance": balance})
            await self._gate.probe_soon()

    async def _warn_if_low(self, balance: float) -> None:
        """Once, and again only after it was above: the row outlives restarts."""
        warned = await self._facts.fact(_WARNED) == "yes"
        if balance < self._low and not warned:
            await self._facts.remember(_WARNED, "yes")
            log.warning("balance_low", extra={"balance": balance})
            await self._alerts.tell("low_balance", balance=balance, limit=self._low)
        elif balance >= self._low and warned:
            await self._facts.remember(_WARNED, "no")
