"""Bulk refresh: updates the messages of all waiting requests a few at a time, so that new pictures are not delayed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from bot.tasks import TaskGroup

_AT_ONCE: Final = 8
"""Half of the deliveries that may run at once; the other half stays free for finished pictures."""
_PATIENCE_S: Final = 5.0
"""How many seconds to wait for a batch; slower deliveries go on while the next batch starts."""


class BulkRefresh:
    """Updates a queue of requests; `refresh` starts one delivery and returns its task, or None if none is needed."""

    def __init__(
        self, tasks: TaskGroup, refresh: Callable[[int], asyncio.Task[Any] | None], *, patience_s: float = _PATIENCE_S
    ) -> None:
        self._tasks = tasks
        self._refresh = refresh
        self._patience_s = patience_s
        self._left: deque[int] = deque()
        self._walk: asyncio.Task[None] | None = None

    def follow(self, request_ids: Iterable[int]) -> None:
        """Start over with these requests; the rest of an earlier list is dropped: what still waits is in this one."""
        self._left = deque(request_ids)
        if self._walk is None or self._walk.done():
            self._walk = self._tasks.start(self._go(), name="long-line")

    async def _go(self) -> None:
        while self._left:
            some = [self._left.popleft() for _ in range(min(_AT_ONCE, len(self._left)))]
            shown = {task for task in map(self._refresh, some) if task is not None}
            if shown:
                await asyncio.wait(shown, timeout=self._patience_s)
