"""Watching the disk: a picture that could not be kept is not ordered, and what is under way keeps its room."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bot.clock import Clock
from bot.domain.disk import SILENT, DiskRule, DiskState
from bot.domain.errors import Refusal, StoreError
from bot.queue.gate import SubmissionGate

log = logging.getLogger(__name__)

_EVERY_S: Final = 1.0
_ANSWERS_BY_S: Final = 10.0
"""A disk that does not answer for so long cannot be written."""


class DiskMonitor:
    """Looks every few seconds, and shuts the gate while the disk is nearly full or cannot be written.

    `look` may block: it runs in a thread of its own, so that a disk that hangs holds up nobody else.
    """

    def __init__(self, *, look: Callable[[], DiskState], rule: DiskRule, gate: SubmissionGate, clock: Clock) -> None:
        self._look = look
        self._rule = rule
        self._gate = gate
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="disk")
        self._looking: asyncio.Future[DiskState] | None = None
        self.shortage = ""
        """What the disk lacks for new orders, as a sentence without its full stop; "" while all is well."""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._clock.sleep(_EVERY_S)
            await self.look()

    async def look(self) -> DiskState:
        """Look once, and have the gate know."""
        seen = await self._seen()
        before, self.shortage = self.shortage, self._rule.shortage(seen, already=bool(self.shortage))
        if bool(before) != bool(self.shortage):
            log.warning("disk_short" if self.shortage else "disk_roomy", extra={"free_bytes": seen.free_bytes})
        self._gate.room(self.shortage)
        return seen

    def check(self) -> None:
        """Raise Refusal where nothing new may be ordered: from memory, at no cost."""
        if self.shortage:
            raise Refusal("disk_full")

    async def room_for_a_picture(self) -> None:
        """Raise StoreError where a picture that is finished has to wait at the provider."""
        if self._rule.too_little_for_a_picture(await self.look()):
            raise StoreError(f"The picture has to wait: {self.shortage}.")

    async def _seen(self) -> DiskState:
        """One look at a time; whoever comes while one is under way shares it."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        looking = self._looking  # the next caller may begin another one before this one is told
        done, _ = await asyncio.wait({looking}, timeout=_ANSWERS_BY_S)
        return looking.result() if done else SILENT
