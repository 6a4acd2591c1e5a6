"""What the people who run the bot see of it, and how they stop it and let it go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.domain.errors import ProviderError
from bot.domain.job import Gate, JobState
from bot.ports.metrics import FigureStore
from bot.queue.gate import SubmissionGate

log = logging.getLogger(__name__)

_BALANCE_READ_BY_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The installation as it is. `balance` is in the provider's own unit; None where it does not tell."""

    gate: Gate
    unsettled: Mapping[JobState, int]
    balance: float | None
    database_bytes: int


class Admin:
    """The service behind `/owner` and the owners' button."""

    def __init__(
        self,
        *,
        gate: SubmissionGate,
        figures: FigureStore,
        read_balance: Callable[[], Awaitable[float | None]],
        database: Path,
    ) -> None:
        self._gate = gate
        self._figures = figures
        self._read_balance = read_balance
        self._database = database

    async def standing(self) -> Standing:
        """Everything at a glance; raises StoreError. A provider that does not answer in time tells no balance."""
        figures, balance = await asyncio.gather(asyncio.to_thread(self._figures.figures), self._balance())
        return Standing(
            gate=self._gate.state,
            unsettled=figures.unsettled,
            balance=balance,
            database_bytes=await asyncio.to_thread(size_of, self._database),
        )

    async def pause(self) -> bool:
        """Submit nothing until `resume`; returns whether that is new. Raises StoreError."""
        return await self._gate.pause()

    async def resume(self) -> Gate:
        """Go on, and try at once what the provider refused; returns the gate as it was before. Raises StoreError."""
        return await self._gate.resume()

    async def _balance(self) -> float | None:
        try:
            async with asyncio.timeout(_BALANCE_READ_BY_S):
                return await self._read_balance()
        except (ProviderError, TimeoutError) as error:
            log.info("balance_not_read", extra={"reason": type(error).__name__})
            return None


def size_of(database: Path) -> int:
    """What a database takes on disk, with what is still to be written back into it."""
    files = (database, database.with_name(database.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
