"""Limits how many deliveries are under way in one channel, so that a busy channel delays no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

_IN_ONE_CHANNEL: Final = 4
"""Of those whose messages only the bot's own token reaches: Discord lets it change five in five seconds."""


class ChannelBusy(Exception):  # noqa: N818 - not an error: the delivery waits for its channel, and leaves its slot to others
    """The limit of deliveries in a channel is reached; `lane` is the semaphore to wait for."""

    def __init__(self, lane: asyncio.Semaphore) -> None:
        super().__init__()
        self.lane = lane


class ChannelLanes:
    """One semaphore for each channel with deliveries under way."""

    def __init__(self) -> None:
        self._lanes: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def entered(self, channel_id: int) -> AsyncIterator[None]:
        """Hold a place in a channel; raises ChannelBusy where there is none left."""
        lane = self._lanes.setdefault(channel_id, asyncio.Semaphore(_IN_ONE_CHANNEL))
        if lane.locked():
            raise ChannelBusy(lane)
        async with lane:
            yield
