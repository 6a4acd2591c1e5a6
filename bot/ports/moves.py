"""Requests that become private while they wait, and the public messages that must be removed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.order import TokenLease


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftMessage:
    """A message that its request no longer uses, still to be removed: by its token until it expires, or by the bot."""

    message_id: int
    channel_id: int
    by: str
    apart: bool
    token: str | None
    token_expires_at: datetime | None


class MoveStore(Protocol):
    """Moving requests to private. Every method may raise StoreError."""

    async def move_to_private(self, request_id: int, lease: TokenLease) -> bool:
        """Continue a waiting request in the private response that this token edits; the pressed message is left over.

        False if it can't be moved: it is private, deleted or finished, or nothing could remove its message.
        """
        ...

    async def left(self, request_id: int) -> Sequence[LeftMessage]:
        """The leftover messages of a request that must still be removed."""
        ...

    async def removed(self, message_id: int) -> None:
        """Forget a leftover message: it is gone, or can't be removed."""
        ...
