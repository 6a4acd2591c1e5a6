"""An interaction as the member who started it sees it."""

import asyncio
from collections.abc import Callable
from typing import Any

from sandbox.discord.interactions import InteractionRecord, State
from sandbox.discord.model import Json
from sandbox.discord.world import World
from sandbox.driver.errors import DriverError
from sandbox.driver.message import Message, snapshot


class Interaction:
    """A live handle: its properties reflect the interaction's current state."""

    def __init__(self, record: InteractionRecord, world: World) -> None:
        self.record = record
        self._world = world

    @property
    def id(self) -> str:
        """The interaction's id."""
        return self.record.id

    @property
    def token(self) -> str:
        """The token with which the bot answers."""
        return self.record.token

    @property
    def member(self) -> str:
        """The name of the member who started it."""
        return self.record.user.username

    @property
    def state(self) -> str:
        """One of "pending", "deferred", "answered" and "failed: did not respond in 3 s"."""
        return self.record.state.value

    @property
    def failed(self) -> bool:
        """True if the member was shown that the application did not respond."""
        return self.record.state is State.FAILED

    @property
    def acknowledged_after_s(self) -> float | None:
        """Seconds until the bot's callback; None before it."""
        return self.record.acknowledged_after_s

    @property
    def response(self) -> Message | None:
        """The current response; None if there is none (yet, or any more)."""
        return self._snapshot(self.record.response_id)

    @property
    def followups(self) -> list[Message]:
        """The follow-ups that still exist."""
        return [message for key in self.record.followup_ids if (message := self._snapshot(key))]

    @property
    def modal(self) -> Json | None:
        """The modal that the bot opened."""
        return self.record.modal

    @property
    def choices(self) -> list[Json] | None:
        """The autocomplete choices that the bot returned."""
        return self.record.choices

    async def acknowledged(self, timeout_s: float = 3.5) -> float:
        """Wait for the bot's callback; returns how many seconds it took. Raises DriverError if there is none."""
        await self._wait(lambda: self.record.acknowledged_after_s is not None, timeout_s)
        return self.record.acknowledged_after_s or 0.0

    async def answered(self, timeout_s: float = 30.0) -> "Interaction":
        """Wait for more than a deferral: a message, an edit, a modal, choices. Raises DriverError on a timeout."""
        await self._wait(lambda: self.record.state is State.ANSWERED, timeout_s)
        return self

    async def wait_failed(self, timeout_s: float = 3.5) -> None:
        """Wait until the member is shown that the application did not respond."""
        await self._until(lambda: self.failed, timeout_s)

    def to_json(self) -> dict[str, Any]:
        """The handle as JSON for the page: id, member, state, modal and message ids."""
        return {
            "id": self.id,
            "member": self.member,
            "channel_id": self.record.channel.id,
            "type": int(self.record.type),
            "name": self.record.data.get("name"),
            "state": self.state,
            "acknowledged_after_s": self.acknowledged_after_s,
            "modal": self.modal,
            "response_id": self.record.response_id,
            "followup_ids": list(self.record.followup_ids),
        }

    def _snapshot(self, message_id: str | None) -> Message | None:
        message = self._world.messages.find(message_id or "")
        return snapshot(message, self._world) if message else None

    async def _wait(self, done: Callable[[], bool], timeout_s: float) -> None:
        await self._until(lambda: done() or self.failed, timeout_s)
        if not done():
            raise DriverError(f"interaction {self.record.data.get('name', '')}: {self.state}")

    async def _until(self, done: Callable[[], bool], timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not done():
                    await self.record.changed.wait()
        except TimeoutError:
            raise DriverError(f"still {self.state!r} after {timeout_s} s") from None
