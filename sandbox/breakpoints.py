"""Breakpoints that pause a request at a stand-in, so that the bot can be killed at exactly that point."""

import asyncio
import fnmatch


class Breakpoint:
    """Pauses one request at a place that matches the pattern, until released."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.reached = asyncio.Event()
        self._released = asyncio.Event()

    def release(self) -> None:
        """Resume the paused request; later ones are not paused."""
        self._released.set()

    @property
    def released(self) -> bool:
        """Whether this breakpoint has been released."""
        return self._released.is_set()

    async def held(self) -> None:
        """Report that a request has arrived, and wait until released."""
        self.reached.set()
        await self._released.wait()


class Breakpoints:
    """The places of a stand-in at which requests can be paused: `before POST /path` and `after POST /path`.

    "before": the request was received and nothing has been done; "after": all was done and no response sent.
    """

    def __init__(self) -> None:
        self._stops: list[Breakpoint] = []

    def hold_next(self, pattern: str) -> Breakpoint:
        """Pause the next request at a place that matches the pattern (`after PATCH /webhooks/*`)."""
        stop = Breakpoint(pattern)
        self._stops.append(stop)
        return stop

    async def passing(self, place: str) -> None:
        """Called by the stand-in at each place; waits if a breakpoint matches."""
        self._stops = [stop for stop in self._stops if not stop.released]
        fitting = next((stop for stop in self._stops if fnmatch.fnmatchcase(place, stop.pattern)), None)
        if fitting is not None:
            self._stops.remove(fitting)
            await fitting.held()
