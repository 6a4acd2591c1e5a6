"""Writes that must happen: what the provider answered is recorded however long the database is in trouble."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bot.clock import Clock
from bot.domain.errors import StoreError
from bot.domain.schedule import backoff_s

log = logging.getLogger(__name__)
T = TypeVar("T")

_FIRST_PAUSE_S: Final = 2.0
_LONGEST_PAUSE_S: Final = 60.0


class StoreRetry:
    """Calls a write again, with back-off, until the store carries it out."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng

    async def __call__(self, write: Callable[[], Awaitable[T]]) -> T:
        """Return the write's result; every StoreError is logged and waited out."""
        failures = 0
        while True:
            try:
                return await write()
            except StoreError as error:
                failures += 1
                # Where it comes from is told once: a disk may be full for hours.
                log.exception(
                    "database_trouble", extra={"failures": failures, "error": str(error)}, exc_info=failures == 1
                )
                pause_s = backoff_s(failures, base_s=_FIRST_PAUSE_S, cap_s=_LONGEST_PAUSE_S, rng=self._rng)
                await self._clock.sleep(pause_s)
