"""Faults of the gateway that apply to open connections and new sessions."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum


class Ready(StrEnum):
    """The guild list in READY."""

    WHOLE = "whole"
    NO_GUILDS = "no_guilds"
    """Empty, as for a bot in no server; commands of members who installed it still arrive."""
    UNREADABLE = "unreadable"
    """Missing, which no client expects."""


@dataclass(slots=True)
class GatewayFaults:
    """`ready` applies to each login until it is changed; each of the next `repeat_next` events is sent twice."""

    ready: Ready = Ready.WHOLE
    repeat_next: int = 0
    _speaking: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._speaking.set()

    def fall_silent(self) -> None:
        """Send no more frames, not even heartbeat acknowledgements; connections remain open."""
        self._speaking.clear()

    def speak(self) -> None:
        """Send again, starting with what was queued meanwhile."""
        self._speaking.set()

    async def may_speak(self) -> None:
        """Called before each frame; waits while the gateway is silent."""
        await self._speaking.wait()

    def take_repeat(self) -> bool:
        """Whether to send an event twice."""
        if self.repeat_next <= 0:
            return False
        self.repeat_next -= 1
        return True

    def clear(self) -> None:
        """Remove all faults."""
        self.ready, self.repeat_next = Ready.WHOLE, 0
        self.speak()
