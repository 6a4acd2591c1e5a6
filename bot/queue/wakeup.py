"""The event that has admission look at the queue again: a job arrived, a slot became free, or the gate changed."""

from __future__ import annotations

import asyncio


class Wakeup:
    """Set by everything that may let a job start; several calls before a wait count as one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        """End the current wait, or else the next one at once."""
        self._event.set()

    async def wait(self) -> None:
        """Wait for a call of `wake` since the last wait."""
        await self._event.wait()
        self._event.clear()
