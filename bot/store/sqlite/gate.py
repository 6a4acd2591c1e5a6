"""The gate's single row: an empty balance is a state that survives a restart."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from bot.domain.job import Gate
from bot.store.sqlite.rows import all_rows, gate_from, to_ms


def read(db: Database) -> Gate:
    """The gate as it is."""
    return gate_from(all_rows(db, "SELECT * FROM gate")[0])


def close(db: Database, reason: str, *, probe_at: datetime, backoff_s: float, now_ms: int) -> bool:
    """Close it, or put off the next probe of a closed one; returns whether this call closed it."""
    was_closed = read(db).closed
    db.conn.execute(
        "UPDATE gate SET closed = 1, reason = ?, probe_at = ?, backoff_ms = ?, "
        "since = CASE WHEN closed THEN since ELSE ? END",
        (reason, to_ms(probe_at), round(backoff_s * 1_000), now_ms),
    )
    return not was_closed


def open_(db: Database) -> bool:
    """Open it; returns whether it was closed."""
    cursor = db.conn.execute(
        "UPDATE gate SET closed = 0, reason = '', since = NULL, probe_at = NULL, backoff_ms = 0 WHERE closed = 1"
    )
    return cursor.rowcount > 0
