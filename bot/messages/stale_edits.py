"""Looking once more at messages that an older edit may have changed back.

An edit that was under way when its process was killed, or its connection cut, may reach Discord after those that were
sent since; it would put back what the message showed before, and take a picture away that was delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from bot.clock import Clock
from bot.domain.job import JobState, RequestView
from bot.tasks import TaskGroup

_LATE_S: Final = 15.0
"""How late an edit may come; Discord answers within seconds even on a bad day."""


class StaleEditCheck:
    """Remembers which requests' messages may be overtaken by an older edit, until each has been looked at."""

    def __init__(self, clock: Clock, refresh: Callable[[Collection[int]], None]) -> None:
        self._clock = clock
        self._refresh = refresh
        self._doubted: set[int] = set()
        self._waiting: set[int] = set()
        self._tasks = TaskGroup()

    def take_at(self, request_ids: Collection[int]) -> None:
        """Have these messages looked at when no older edit can come any more; those that wait already wait on."""
        new = set(request_ids) - self._waiting
        if new:
            self._waiting |= new
            self._tasks.start(self._later(new), name="second-look")

    def is_due(self, request_id: int) -> bool:
        """Whether a message has to be read before it is believed."""
        return request_id in self._doubted

    def taken(self, request_id: int) -> None:
        """It has been read."""
        self._doubted.discard(request_id)

    async def close(self) -> None:
        """Look at nothing more; the next start looks at what is behind then."""
        await self._tasks.close()

    async def _later(self, request_ids: set[int]) -> None:
        await self._clock.sleep(_LATE_S)
        self._waiting -= request_ids
        self._doubted |= request_ids
        self._refresh(request_ids)


def distrusted(view: RequestView) -> RequestView:
    """The rows of a message that shows something else than was recorded: all is edited anew, with files sent again."""
    jobs = (
        replace(job, attachment_id=None) if job.state is JobState.DELIVERED and job.picture_file is not None else job
        for job in view.jobs
    )
    return replace(view, jobs=tuple(jobs), request=replace(view.request, shown=""))
