"""What goes wrong at the gateway while connections stand."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum


class Ready(StrEnum):
    """What READY tells of the servers."""

    WHOLE = "whole"
    NO_GUILDS = "no_guilds"
    """None, as for a bot that nobody has invited; its members' commands come all the same."""
    UNREADABLE = "unreadable"
    """The list itself is missing, which no client expects."""


@dataclass(slots=True)
class GatewayFaults:
    """`ready` holds for each login until it is changed; of the next `repeat_next` events each comes twice."""

    ready: Ready = Ready.WHOLE
    repeat_next: int = 0
    _speaking: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._speaking.set()

    def fall_silent(self) -> None:
        """Send nothing any more, not even what acknowledges a heartbeat; connections stay open."""
        self._speaking.clear()

    def speak(self) -> None:
        """Send again, and first what was kept back."""
        self._speaking.set()

    async def may_speak(self) -> None:
        """Called before each frame."""
        await self._speaking.wait()

    def take_repeat(self) -> bool:
        """Whether an event is to be sent twice."""
        if self.repeat_next <= 0:
            return False
        self.repeat_next -= 1
        return True

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.ready, self.repeat_next = Ready.WHOLE, 0
        self.speak()
