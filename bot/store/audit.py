"""The audit log: append-only entries by server."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.audit import AuditAction, AuditEntry, NewAuditEntry
from bot.store.rows import all_rows, from_ms, to_ms
from bot.store.sqlite.writer import DatabaseThread


class SqliteAudit:
    """Implements AuditStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def note(self, entry: NewAuditEntry) -> None:
        """See AuditStore."""
        now_ms = to_ms(self._clock.now())
        await self._writer.run(lambda db: append(db, entry, now_ms))

    async def entries(self, guild_id: int, *, before_id: int | None = None, limit: int) -> list[AuditEntry]:
        """See AuditStore."""
        return await self._reader.run(lambda db: entries(db, guild_id, before_id=before_id, limit=limit))


def append(db: Database, entry: NewAuditEntry, now_ms: int) -> None:
    """Append one entry, in the transaction of the action that it records."""
    db.conn.execute(
        "INSERT INTO audit (guild_id, actor_id, action, member_id, job_id, detail, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (entry.guild_id, entry.actor_id, entry.action.value, entry.member_id, entry.job_id, entry.detail, now_ms),
    )


def entries(db: Database, guild_id: int, *, before_id: int | None, limit: int) -> list[AuditEntry]:
    """A server's latest entries, newest first."""
    rows = all_rows(
        db,
        "SELECT * FROM audit WHERE guild_id = :guild AND id < :before ORDER BY id DESC LIMIT :limit",
        {"guild": guild_id, "before": 2**63 - 1 if before_id is None else before_id, "limit": limit},
    )
    return [_entry_from(row) for row in rows]


def _entry_from(row: sqlite3.Row) -> AuditEntry:
    return AuditEntry(
        id=row["id"],
        at=from_ms(row["at"]),
        guild_id=row["guild_id"],
        actor_id=row["actor_id"],
        action=AuditAction(row["action"]),
        member_id=row["member_id"],
        job_id=row["job_id"],
        detail=row["detail"],
    )
