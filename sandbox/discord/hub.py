"""Notifies listeners (the gateway and the driver) of what happens in the world."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.discord.interactions import InteractionRecord
    from sandbox.discord.model import Channel, StoredMessage


class Kind(StrEnum):
    """The kinds of happening."""

    MESSAGE_CREATED = "message_created"
    MESSAGE_UPDATED = "message_updated"
    MESSAGE_DELETED = "message_deleted"
    INTERACTION_CREATED = "interaction_created"
    INTERACTION_ACKNOWLEDGED = "interaction_acknowledged"
    INTERACTION_FAILED = "interaction_failed"
    MODAL_OPENED = "modal_opened"
    CHANNEL_CREATED = "channel_created"
    CHANNEL_UPDATED = "channel_updated"
    COMMANDS_CHANGED = "commands_changed"
    BOT_ONLINE = "bot_online"
    BOT_OFFLINE = "bot_offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One happening and the object it concerns."""

    kind: Kind
    message: "StoredMessage | None" = None
    interaction: "InteractionRecord | None" = None
    channel: "Channel | None" = None


Listener = Callable[[Happening], None]


class Hub:
    """Calls each listener synchronously and in order; listeners must not block."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the returned function removes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, kind: Kind, **about: "StoredMessage | InteractionRecord | Channel") -> None:
        """Notify all listeners; `about` names the message, interaction or channel."""
        happening = Happening(kind=kind, **about)  # type: ignore[arg-type]  # the keywords are Happening's own fields
        for listener in tuple(self._listeners):
            listener(happening)
