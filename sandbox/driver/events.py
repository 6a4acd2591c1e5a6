"""The stream of events that an observer of the server sees."""

import asyncio
from dataclasses import dataclass
from typing import Self

from sandbox.discord.hub import Happening, Kind
from sandbox.discord.world import World
from sandbox.driver.interaction import Interaction
from sandbox.driver.message import Message, snapshot

_MAX_WAITING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event; `kind` is a value of `Kind`, e.g. "message_updated" or "bot_offline"."""

    kind: str
    message: Message | None = None
    interaction: Interaction | None = None


class Events:
    """An asynchronous iterator over all events from its creation until `close()`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(_MAX_WAITING)
        self._stop = world.hub.listen(self._on_happening)
        self._open = True

    def close(self) -> None:
        """Stop collecting; the iteration ends."""
        if self._open:
            self._open = False
            self._stop()
            self._put(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        event = await self._queue.get()
        if event is None:
            raise StopAsyncIteration
        return event

    def _on_happening(self, happening: Happening) -> None:
        if happening.kind in (Kind.CHANNEL_CREATED, Kind.CHANNEL_UPDATED):
            return
        message = snapshot(happening.message, self._world) if happening.message else None
        interaction = Interaction(happening.interaction, self._world) if happening.interaction else None
        self._put(Event(kind=happening.kind.value, message=message, interaction=interaction))

    def _put(self, event: Event | None) -> None:
        """Queue an event; if the queue is full, the oldest one is dropped."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(event)
