"""Outgoing notifications: request messages for members, direct messages for the bot's owners, server log channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol


class Presenter(Protocol):
    """Brings requests' messages up to date with their rows, asynchronously; repeated calls are coalesced."""

    def refresh(self, request_ids: Iterable[int]) -> None:
        """Schedule an update of these requests' messages."""
        ...

    def hold(self, interaction_id: int) -> AbstractContextManager[None]:
        """While the block runs, don't edit the message of an interaction: it is being acknowledged."""
        ...

    def refresh_line(self, request_ids: Sequence[int]) -> None:
        """Schedule an update for all waiting requests, possibly thousands: a few at a time, after pictures.

        A later call replaces what remains of an earlier one.
        """
        ...


class OwnerAlerts(Protocol):
    """Notifies the bot's owners, and in short form the log channels of the servers."""

    async def tell(self, key: str, *, resumable: bool = False, **values: object) -> None:
        """Send each owner the catalogue text `alert.{key}`, and each log channel `log.{key}`; either may be missing.

        `resumable`: the owners get a button that resumes submission. A failure is logged, never raised.
        """
        ...


class ServerLog(Protocol):
    """Writes lines to the log channel that a server's moderators chose; does nothing where there is none."""

    def tell(self, guild_id: int, line: str) -> None:
        """Schedule a line. Never raises and returns without waiting for delivery."""
        ...

    async def written(self, guild_id: int) -> None:
        """Wait briefly until a server's lines are written or have failed."""
        ...

    def tell_everywhere(self, line: str) -> None:
        """Schedule a line in every server that has a log channel."""
        ...

    def trouble(self, guild_id: int) -> str | None:
        """Why lines can't be written at present, as the name of the reason; None if they can."""
        ...

    def untold_trouble(self, guild_id: int) -> str | None:
        """The same, returned only once: the caller is expected to notify a moderator."""
        ...
