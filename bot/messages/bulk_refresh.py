"""Messages of all who wait, brought up to date a few at a time: thousands at once would keep every picture waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from bot.tasks import TaskGroup

_AT_ONCE: Final = 8
"""Half of what the courier delivers at once: pictures that come meanwhile find the other half."""
_PATIENCE_S: Final = 5.0
"""So long some are waited for; whoever is held up longer comes to their turn by themselves."""


class BulkRefresh:
    """Walks along a line; `refresh` begins with one request, and returns the task that shows it, if it needs one."""

    def __init__(
        self, tasks: TaskGroup, refresh: Callable[[int], asyncio.Task[Any] | None], *, patience_s: float = _PATIENCE_S
    ) -> None:
        self._tasks = tasks
        self._refresh = refresh
        self._patience_s = patience_s
        self._left: deque[int] = deque()
        self._walk: asyncio.Task[None] | None = None

    def follow(self, request_ids: Iterable[int]) -> None:
        """Walk along these; what is left of an earlier line is given up, since who still waits is in this one."""
        self._left = deque(request_ids)
        if self._walk is None or self._walk.done():
            self._walk = self._tasks.start(self._go(), name="long-line")

    async def _go(self) -> None:
        while self._left:
            some = [self._left.popleft() for _ in range(min(_AT_ONCE, len(self._left)))]
            shown = {task for task in map(self._refresh, some) if task is not None}
            if shown:
                await asyncio.wait(shown, timeout=self._patience_s)
