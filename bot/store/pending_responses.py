"""Pending responses: stored when an interaction is deferred, removed when its order is stored or it is answered."""

from __future__ import annotations

from collections.abc import Collection

from sqlite_utils import Database

from bot.ports.pending_responses import PendingResponse
from bot.store.rows import all_rows, from_ms, to_ms
from bot.store.sqlite.writer import DatabaseThread


class SqliteAnswers:
    """Implements PendingResponseStore and HeldRequests on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread) -> None:
        self._reader = reader
        self._writer = writer

    async def note(self, opened: Collection[PendingResponse], closed: Collection[int]) -> None:
        """See PendingResponseStore."""
        await self._writer.run(lambda db: note(db, opened, closed))

    async def answered(self, request_id: int) -> None:
        """See HeldRequests."""
        await self._writer.run(lambda db: release(db, request_id))

    async def left_open(self) -> list[PendingResponse]:
        """See PendingResponseStore."""
        return await self._reader.run(left_open)


def note(db: Database, opened: Collection[PendingResponse], closed: Collection[int]) -> None:
    """Store new pending responses and remove answered ones.

    An interaction's request may have been stored before this.
    """
    db.conn.executemany(
        "INSERT OR IGNORE INTO open_answers (interaction_id, application_id, token, expires_at, locale) "
        "SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM requests WHERE interaction_id = ?1)",
        [(one.interaction_id, one.application_id, one.token, to_ms(one.expires_at), one.locale) for one in opened],
    )
    db.conn.executemany("DELETE FROM open_answers WHERE interaction_id = ?", [(one,) for one in closed])


def close(db: Database, interaction_id: int) -> None:
    """Remove an interaction's pending response: its order is stored, and its message will show the result."""
    db.conn.execute("DELETE FROM open_answers WHERE interaction_id = ?", (interaction_id,))


def left_open(db: Database) -> list[PendingResponse]:
    """The pending responses, oldest first."""
    return [
        PendingResponse(
            interaction_id=row["interaction_id"],
            application_id=row["application_id"],
            token=row["token"],
            expires_at=from_ms(row["expires_at"]),
            locale=row["locale"],
        )
        for row in all_rows(db, "SELECT * FROM open_answers ORDER BY interaction_id")
    ]


def release(db: Database, request_id: int) -> None:
    """Release jobs that waited for their member to be answered; jobs delayed after a failed attempt keep waiting."""
    db.conn.execute(
        "UPDATE jobs SET not_before = NULL WHERE request_id = ? AND state = 'queued' AND tries = 0", (request_id,)
    )
