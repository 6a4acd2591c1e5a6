"""A cheap refusal for a member who keeps ordering while their queue is full."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Final

from bot.clock import Clock
from bot.domain.errors import StoreError
from bot.domain.policy import check_room
from bot.ports.lists import ListStore

log = logging.getLogger(__name__)

_REMEMBERED_S: Final = 60.0
_PATIENCE_S: Final = 0.5


class Throttle:
    """Checked under high load, before an interaction is answered or an order stored.

    A count in memory selects members to check; the database decides. What it has committed by then is certain: the
    member's orders that are not stored yet would only fill the queue more. An order that passes here can still be
    refused when it is stored.
    """

    def __init__(self, lists: ListStore, clock: Clock, *, pending: int, patience_s: float = _PATIENCE_S) -> None:
        self._lists = lists
        self._clock = clock
        self._pending = pending
        self._patience_s = patience_s
        self._lately: Counter[int] = Counter()
        self._before: Counter[int] = Counter()
        self._since_s = clock.monotonic()

    def ordered(self, user_id: int) -> None:
        """Count an order, whatever its outcome."""
        if self._clock.monotonic() - self._since_s > _REMEMBERED_S:
            self._before, self._lately, self._since_s = self._lately, Counter(), self._clock.monotonic()
        self._lately[user_id] += 1

    async def check(self, user_id: int) -> None:
        """Raises Refusal if a member has ordered many pictures recently and their queue is full."""
        if self._lately[user_id] + self._before[user_id] <= self._pending:
            return
        try:
            async with asyncio.timeout(self._patience_s):
                waiting = await self._lists.waiting(user_id)
        except (StoreError, TimeoutError) as error:
            log.info("flood_not_checked", extra={"user_id": user_id, "error": str(error)})
            return
        check_room(waiting=waiting, more=1, limit=self._pending)
