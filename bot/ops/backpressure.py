"""Backpressure: while many interactions wait for their first answer, all other work waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_CROWD: Final = 16
_LONGEST_WAIT_S: Final = 5.0


class Backpressure:
    """Counts unacknowledged interactions. Discord allows 3 s each; pictures take half a minute and can wait."""

    def __init__(self, *, crowd: int = _CROWD, longest_wait_s: float = _LONGEST_WAIT_S) -> None:
        self._crowd = crowd
        self._longest_wait_s = longest_wait_s
        self._unanswered = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def crowded(self) -> bool:
        """Whether responses should be as cheap as possible."""
        return self._unanswered >= self._crowd

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count one interaction until its first answer is sent."""
        self._unanswered += 1
        if self.crowded:
            self._quiet.clear()
        try:
            yield
        finally:
            self._unanswered -= 1
            if not self.crowded:
                self._quiet.set()

    async def quiet(self) -> None:
        """Wait until the burst is over; with a time limit, since the queued pictures must proceed too."""
        if self._quiet.is_set():
            return
        try:
            async with asyncio.timeout(self._longest_wait_s):
                await self._quiet.wait()
        except TimeoutError:
            return
