"""Storage of the audit log: what moderators and administrators did in a server."""

from __future__ import annotations

from typing import Protocol

from bot.domain.audit import AuditEntry, NewAuditEntry


class AuditStore(Protocol):
    """An append-only log. Every method may raise StoreError."""

    async def note(self, entry: NewAuditEntry) -> None:
        """Append one entry. Changes to the database write their own entries, in their own transactions."""
        ...

    async def entries(self, guild_id: int, *, before_id: int | None = None, limit: int) -> list[AuditEntry]:
        """A server's latest entries, newest first; `before_id` continues where an earlier page ended."""
        ...
