"""One interaction: the member's action, and the state of the bot's answer."""

import asyncio
import time
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from sandbox.discord.model import Channel, Json, StoredMessage, User


class InteractionType(IntEnum):
    """The kinds of interaction."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class CallbackType(IntEnum):
    """The kinds of answer to an interaction."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


class State(StrEnum):
    """The states of an interaction; the last one is what the member sees as "did not respond"."""

    PENDING = "pending"
    DEFERRED = "deferred"
    ANSWERED = "answered"
    FAILED = "failed: did not respond in 3 s"


@dataclass(slots=True, kw_only=True)
class InteractionRecord:
    """One interaction, its state and its messages."""

    id: str
    token: str
    type: InteractionType
    user: User
    channel: Channel
    data: Json
    source: StoredMessage | None
    opened_by: "InteractionRecord | None" = None
    expires_at: float
    started: float = field(default_factory=time.monotonic)
    state: State = State.PENDING
    acknowledged_after_s: float | None = None
    response_id: str | None = None
    followup_ids: list[str] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def touch(self) -> None:
        """Wake all tasks that wait for a change."""
        self.changed.set()
        self.changed = asyncio.Event()
