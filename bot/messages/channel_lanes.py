"""Limits concurrent deliveries for each channel, so that a busy channel delays no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

_IN_ONE_CHANNEL: Final = 4
"""Deliveries at once that need the bot's own token: Discord allows it five changes in five seconds in a channel."""


class ChannelBusy(Exception):  # noqa: N818 - control flow: the delivery frees its slot while it waits
    """The limit of concurrent deliveries in a channel is reached; `lane` is the semaphore to wait for."""

    def __init__(self, lane: asyncio.Semaphore) -> None:
        super().__init__()
        self.lane = lane


class ChannelLanes:
    """One semaphore for each channel with deliveries in progress."""

    def __init__(self) -> None:
        self._lanes: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def entered(self, channel_id: int) -> AsyncIterator[None]:
        """Acquire a channel's semaphore for the block; raises ChannelBusy instead of waiting."""
        lane = self._lanes.setdefault(channel_id, asyncio.Semaphore(_IN_ONE_CHANNEL))
        if lane.locked():
            raise ChannelBusy(lane)
        async with lane:
            yield
