"""Requests held in the middle of their course, so that the bot can be killed exactly there."""

import asyncio
import fnmatch


class Breakpoint:
    """One request is held where the place fits the pattern; it goes on when released."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.reached = asyncio.Event()
        self._released = asyncio.Event()

    def release(self) -> None:
        """Let the request go on; one that comes later is not held any more."""
        self._released.set()

    @property
    def released(self) -> bool:
        """Whether nothing is held here any more."""
        return self._released.is_set()

    async def held(self) -> None:
        """Be the request that is held."""
        self.reached.set()
        await self._released.wait()


class Breakpoints:
    """The places of a stand-in at which requests can be held: `before POST /path` and `after POST /path`.

    Before is when the request was received and nothing has been done; after is when all was done and no answer sent.
    """

    def __init__(self) -> None:
        self._stops: list[Breakpoint] = []

    def hold_next(self, pattern: str) -> Breakpoint:
        """Hold the next request at a place that fits the pattern (`after PATCH /webhooks/*`)."""
        stop = Breakpoint(pattern)
        self._stops.append(stop)
        return stop

    async def passing(self, place: str) -> None:
        """Called by the stand-in wherever a request may be held."""
        self._stops = [stop for stop in self._stops if not stop.released]
        fitting = next((stop for stop in self._stops if fnmatch.fnmatchcase(place, stop.pattern)), None)
        if fitting is not None:
            self._stops.remove(fitting)
            await fitting.held()
