"""Wait for the moment of a kill: a paused request, a row, a file, or a time."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.breakpoints import Breakpoint, Breakpoints
from sandbox.chaos.plan import Moment
from sandbox.chaos.rows import count
from sandbox.stack import Sandbox

_LOOK_EVERY_S = 0.003


async def came(
    condition: Callable[[], bool], timeout_s: float = float("inf"), *, every_s: float = _LOOK_EVERY_S
) -> bool:
    """Poll another process's state until a condition holds; returns whether it did within `timeout_s` seconds."""
    until = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= until:
            return False
        await asyncio.sleep(every_s)
    return True


@contextmanager
def holding(sandbox: Sandbox, moment: Moment) -> Iterator["Wait"]:
    """Watch for a moment; paused requests resume when the context is left (the bot is dead by then)."""
    wait = Wait(sandbox, moment)
    try:
        yield wait
    finally:
        wait.release()


class Wait:
    """Waits for one moment, counted from its creation."""

    def __init__(self, sandbox: Sandbox, moment: Moment) -> None:
        self._sandbox = sandbox
        self._moment = moment
        self._stops: list[Breakpoint] = []
        self._files = set(self._found()) if moment.file else set()
        self._last_event = count(sandbox.data_dir, "SELECT COALESCE(MAX(id), 0) FROM job_events")

    async def reached(self, timeout_s: float) -> bool:
        """Wait for the moment; returns whether it was reached within `timeout_s` seconds."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._step()
        except TimeoutError:
            return False
        await asyncio.sleep(self._moment.later_s)
        return True

    def release(self) -> None:
        """Resume the paused requests."""
        for stop in self._stops:
            stop.release()

    async def _step(self) -> None:
        if self._moment.place:
            await self._held()
        elif self._moment.event:
            await came(lambda: self._events() >= self._moment.nth)
        elif self._moment.file:
            await came(lambda: len(self._files_since()) >= self._moment.nth)

    async def _held(self) -> None:
        """Pause the n-th request at the place; earlier ones pass."""
        for _ in range(self._moment.nth):
            self.release()
            both = [stops.hold_next(self._moment.place) for stops in self._stands()]
            self._stops += both
            waits = [asyncio.ensure_future(stop.reached.wait()) for stop in both]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    def _stands(self) -> tuple[Breakpoints, ...]:
        return self._sandbox.faults.stops, self._sandbox.apimaster.stops

    def _events(self) -> int:
        """How many rows of this event have been added since this wait began."""
        sql = "SELECT COUNT(*) FROM job_events WHERE id > ? AND event LIKE ?"
        return count(self._sandbox.data_dir, sql, self._last_event, self._moment.event)

    def _found(self) -> Iterator[Path]:
        return self._sandbox.data_dir.glob(self._moment.file)

    def _files_since(self) -> set[Path]:
        return set(self._found()) - self._files
