"""Retention: members' requests at their wish, old ones in time, the files of both; in steps that may be repeated."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from bot.clock import Clock
from bot.domain.rules import MAX_RETENTION_DAYS
from bot.ops.skip_errors import Count, skipping, uncounted
from bot.ports import PictureFiles, ReferenceFiles
from bot.ports.privacy import PrivacyStore

log = logging.getLogger(__name__)

_AT_ONCE: Final = 250
"""Requests that are wiped in one transaction; others' writes come in between."""
_ROUNDS: Final = 100
"""How often in one sweep at most: a large installation that begins to forget takes several."""
_PAUSE_S: Final = 0.1
_YOUNG: Final = timedelta(minutes=10)
"""References of a request that was taken back may still be on their way to our disk, no longer than this."""


class Retention:
    """Wipes rows first: what they say is gone at once, and which files are to follow stands in the database."""

    def __init__(
        self,
        *,
        store: PrivacyStore,
        files: PictureFiles,
        copies: ReferenceFiles,
        clock: Clock,
        retention_days: float,
        count: Count = uncounted,
    ) -> None:
        self._store = store
        self._files = files
        self._copies = copies
        self._clock = clock
        self._retention_days = retention_days
        self._count = count

    async def sweep(self, *, by_age: bool = True) -> None:
        """Finish what members wished, forget what is due `by_age`, and remove the files of both."""
        for user_id in await self._store.erasing():
            with skipping("erase", self._count, user_id=user_id):
                await self.erase(user_id)
        if by_age:
            await self._wipe_old()
        await self.clear()

    async def erase(self, user_id: int) -> int:
        """Wipe what a member had deleted; returns how many requests. Begun before, it goes on where it was."""
        wiped = after = 0
        while found := await self._store.erase_some(user_id, after=after, most=_AT_ONCE):
            wiped, after = wiped + len(found), found[-1]
            if len(found) < _AT_ONCE:
                break
            await self._clock.sleep(_PAUSE_S)
        log.info("member_erased", extra={"user_id": user_id, "requests": wiped})
        return wiped

    async def clear(self) -> None:
        """Remove the files of wiped requests."""
        for _ in range(_ROUNDS):
            if await self._clear_some() < _AT_ONCE:
                return

    async def _clear_some(self) -> int:
        due = await self._store.leftovers(self._clock.now() - _YOUNG, most=_AT_ONCE)
        gone = []
        for leftover in due:
            with skipping("leftovers", self._count, request_id=leftover.request_id):
                await self._copies.remove(leftover.request_id)
                for job_id in leftover.job_ids:
                    await self._files.remove(job_id)
                gone.append(leftover.request_id)
        if gone:
            # The rows are updated last: a crash in between only removes nothing a second time.
            await self._store.cleared(gone)
            log.info("leftovers_cleared", extra={"count": len(gone)})
        return len(gone)

    async def _wipe_old(self) -> None:
        """The shorter of both times wins: a server's own, and the installation's, which holds everywhere."""
        for guild_id, days in (await self._store.retentions()).items():
            with skipping("retention", self._count, guild_id=guild_id):
                await self._wipe_older_than(min(days, MAX_RETENTION_DAYS), guild_id)
        if self._retention_days:
            await self._wipe_older_than(self._retention_days, None)

    async def _wipe_older_than(self, days: float, guild_id: int | None) -> None:
        before = self._clock.now() - timedelta(days=days)
        total = 0
        for _ in range(_ROUNDS):
            count = await self._store.wipe_older(before, guild_id=guild_id, most=_AT_ONCE)
            total += count
            if count < _AT_ONCE:
                break
            await self._clock.sleep(_PAUSE_S)
        if total:
            log.info("requests_forgotten", extra={"guild_id": guild_id, "count": total, "days": days})
