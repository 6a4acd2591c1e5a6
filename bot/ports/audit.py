"""Where it is kept what the people who look after a server did."""

from __future__ import annotations

from typing import Protocol

from bot.domain.audit import AuditEntry, NewAuditEntry


class AuditStore(Protocol):
    """A list that only grows. Every method may raise StoreError."""

    async def note(self, entry: NewAuditEntry) -> None:
        """Add one entry. What is done to the database itself notes its own, in its own transaction."""
        ...

    async def entries(self, guild_id: int, *, before_id: int | None = None, limit: int) -> list[AuditEntry]:
        """A server's latest entries, the newest first; `before_id` goes on where an earlier answer ended."""
        ...
