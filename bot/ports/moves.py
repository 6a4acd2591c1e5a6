"""Requests that become private while they wait, and the messages that they leave behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.order import TokenLease


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftMessage:
    """A message that its request has left, still to be removed: by its token while that lives, or as the bot."""

    message_id: int
    channel_id: int
    by: str
    apart: bool
    token: str | None
    token_expires_at: datetime | None


class MoveStore(Protocol):
    """Moving requests to private. Every method may raise StoreError."""

    async def move_to_private(self, request_id: int, lease: TokenLease) -> bool:
        """Let a request that waits go on in the private answer that this token edits, and leave the message pressed on.

        False where it cannot be: it is private, deleted or finished, or nothing would reach its message.
        """
        ...

    async def left(self, request_id: int) -> Sequence[LeftMessage]:
        """The messages that a request has left and that are still to be removed."""
        ...

    async def removed(self, message_id: int) -> None:
        """Forget a left message: it is gone, or nothing can be done about it."""
        ...
