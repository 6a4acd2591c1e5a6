"""The gate's single row: an empty balance and a pause survive a restart."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.job import Gate
from bot.store.rows import all_rows, gate_from, to_ms
from bot.store.sqlite.writer import DatabaseThread


class SqliteGate:
    """Implements GateStore as a mixin of the store, on its threads."""

    _reader: DatabaseThread
    _writer: DatabaseThread
    _clock: Clock

    async def gate(self) -> Gate:
        """See GateStore."""
        return await self._reader.run(read)

    async def close_gate(self, reason: str, *, probe_at: datetime, backoff_s: float) -> bool:
        """See GateStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(
            lambda db: close(db, reason, probe_at=probe_at, backoff_s=backoff_s, now_ms=now_ms)
        )

    async def open_gate(self) -> bool:
        """See GateStore."""
        return await self._writer.run(open_)

    async def note_told(self) -> None:
        """See GateStore."""
        await self._writer.run(lambda db: db.conn.execute("UPDATE gate SET told = 1 WHERE closed = 1").close())

    async def pause(self) -> bool:
        """See GateStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: pause(db, now_ms))

    async def unpause(self) -> bool:
        """See GateStore."""
        return await self._writer.run(lambda db: pause(db, None))

    async def note_room(self, full_since: datetime | None, *, told: bool) -> None:
        """See GateStore."""
        since_ms = None if full_since is None else to_ms(full_since)
        await self._writer.run(
            lambda db: db.conn.execute("UPDATE gate SET full_since = ?, full_told = ?", (since_ms, int(told))).close()
        )


def read(db: Database) -> Gate:
    """The gate's current state."""
    return gate_from(all_rows(db, "SELECT * FROM gate")[0])


def close(db: Database, reason: str, *, probe_at: datetime, backoff_s: float, now_ms: int) -> bool:
    """Close it, or postpone the next probe if it is closed; returns whether this call closed it."""
    was_closed = read(db).closed
    db.conn.execute(
        "UPDATE gate SET closed = 1, reason = ?, probe_at = ?, backoff_ms = ?, "
        "since = CASE WHEN closed THEN since ELSE ? END, told = CASE WHEN closed THEN told ELSE 0 END",
        (reason, to_ms(probe_at), round(backoff_s * 1_000), now_ms),
    )
    return not was_closed


def open_(db: Database) -> bool:
    """Open it, unless it is also paused; returns whether it was closed."""
    cursor = db.conn.execute(
        "UPDATE gate SET closed = 0, reason = '', since = NULL, probe_at = NULL, backoff_ms = 0, told = 0 "
        "WHERE closed = 1"
    )
    return cursor.rowcount > 0


def pause(db: Database, at_ms: int | None) -> bool:
    """Pause it since a moment, or resume with None; returns whether that changed anything."""
    cursor = db.conn.execute("UPDATE gate SET paused_at = ? WHERE (paused_at IS NULL) <> (? IS NULL)", (at_ms, at_ms))
    return cursor.rowcount > 0
