"""Background tasks that are named, owned and watched: none dies in silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)


class FirstFailure:
    """The first error that the process cannot go on after; later ones follow from it."""

    def __init__(self) -> None:
        self.reported: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Raises the error."""
        self.reported.add_done_callback(_retrieved)

    @property
    def error(self) -> BaseException | None:
        """The error, as soon as there is one."""
        return self.reported.exception() if self.reported.done() else None

    def report(self, error: BaseException) -> None:
        """Note an error, unless there was one before."""
        if not self.reported.done():
            self.reported.set_exception(error)


def _retrieved(reported: asyncio.Future[None]) -> None:
    """Keep asyncio from logging the error a second time where a start ends before anybody waits for it."""
    reported.exception()


class TaskGroup:
    """Keeps a reference to each task and logs what it raises. Closing it cancels what is left and waits for it.

    `on_failure` is called with the error of a task that failed.
    """

    def __init__(self, on_failure: Callable[[BaseException], None] | None = None) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._on_failure = on_failure

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run a coroutine in the background."""
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_failed", extra={"task": task.get_name()}, exc_info=error)
            if self._on_failure is not None:
                self._on_failure(error)

    async def drain(self, timeout_s: float) -> None:
        """Wait for the tasks to end by themselves, at most so long."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)

    async def close(self) -> None:
        """Cancel what is still running and wait until it has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
