"""Finds and repairs messages that were overwritten by a stale edit.

An edit that was in progress when its process was killed, or its connection lost, may reach Discord after newer ones.
It would restore what the message showed before, and remove a picture that was delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from bot.clock import Clock
from bot.domain.job import JobState, RequestView
from bot.tasks import TaskGroup

_LATE_S: Final = 15.0
"""How many seconds late an edit may arrive; Discord answers within seconds even when it is slow."""


class StaleEditCheck:
    """The requests whose messages may be overwritten by a stale edit, until each message was read."""

    def __init__(self, clock: Clock, refresh: Callable[[Collection[int]], None]) -> None:
        self._clock = clock
        self._refresh = refresh
        self._doubted: set[int] = set()
        self._waiting: set[int] = set()
        self._tasks = TaskGroup()

    def take_at(self, request_ids: Collection[int]) -> None:
        """Check these messages once no stale edit can arrive any more; those already scheduled keep their time."""
        new = set(request_ids) - self._waiting
        if new:
            self._waiting |= new
            self._tasks.start(self._later(new), name="second-look")

    def is_due(self, request_id: int) -> bool:
        """Whether a message has to be read before the recorded state is used."""
        return request_id in self._doubted

    def taken(self, request_id: int) -> None:
        """Mark a message as read."""
        self._doubted.discard(request_id)

    async def close(self) -> None:
        """Cancel all checks; the next start checks the messages that are behind then."""
        await self._tasks.close()

    async def _later(self, request_ids: set[int]) -> None:
        await self._clock.sleep(_LATE_S)
        self._waiting -= request_ids
        self._doubted |= request_ids
        self._refresh(request_ids)


def distrusted(view: RequestView) -> RequestView:
    """The rows as if the message's state were unknown: everything is edited, and files are uploaded again."""
    jobs = (
        replace(job, attachment_id=None) if job.state is JobState.DELIVERED and job.picture_file is not None else job
        for job in view.jobs
    )
    return replace(view, jobs=tuple(jobs), request=replace(view.request, shown=""))
