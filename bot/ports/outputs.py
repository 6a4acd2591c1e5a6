"""Who is told: members by their messages, the people who run the bot by direct message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol


class Presenter(Protocol):
    """Shows a request's rows on its message, some time soon; calling it often costs nothing."""

    def refresh(self, request_ids: Iterable[int]) -> None:
        """Ask that these requests' messages be brought up to date."""
        ...

    def hold(self, interaction_id: int) -> AbstractContextManager[None]:
        """While the block runs, leave the message of an interaction alone: it is being acknowledged."""
        ...

    def refresh_line(self, request_ids: Sequence[int]) -> None:
        """Ask the same for all who wait, thousands perhaps: a few at a time, while pictures go first.

        A later call takes the place of what is left of an earlier one.
        """
        ...


class OwnerAlerts(Protocol):
    """Tells the people who run the bot, and with a line those who look after a server."""

    async def tell(self, key: str, *, resumable: bool = False, **values: object) -> None:
        """Send each owner the catalogue's `alert.{key}`, and every log channel its `log.{key}`; either may be missing.

        `resumable`: the owners get a button that lets submission go on. A failure is logged, never raised.
        """
        ...


class ServerLog(Protocol):
    """Lines for the people who look after a server, in the channel that they chose; nothing where they chose none."""

    def tell(self, guild_id: int, line: str) -> None:
        """Write a line some time soon. Never raises, and nobody waits for it."""
        ...

    async def written(self, guild_id: int) -> None:
        """Wait a moment for a server's lines to be written, or to fail."""
        ...

    def tell_everywhere(self, line: str) -> None:
        """The same for every server that has such a channel."""
        ...

    def trouble(self, guild_id: int) -> str | None:
        """Why lines cannot be written at present: the name of the reason, or None."""
        ...

    def untold_trouble(self, guild_id: int) -> str | None:
        """The same, once: whoever asks is the one to tell a moderator."""
        ...
