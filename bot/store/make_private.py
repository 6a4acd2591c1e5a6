"""Makes waiting requests private: another message replaces theirs, and the old one is stored for removal."""

from __future__ import annotations

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.job import JobState
from bot.domain.order import TokenLease
from bot.ports.moves import LeftMessage
from bot.ports.stores import Shown
from bot.store import jobs
from bot.store.rows import all_rows, job_from, moment, one_row, to_ms
from bot.store.sqlite.writer import DatabaseThread


class SqliteMoves:
    """Implements MoveStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def move_to_private(self, request_id: int, lease: TokenLease) -> bool:
        """See MoveStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: move_to_private(db, request_id, lease, now_ms=now_ms))

    async def left(self, request_id: int) -> list[LeftMessage]:
        """See MoveStore."""
        return await self._reader.run(lambda db: left_messages(db, request_id))

    async def removed(self, message_id: int) -> None:
        """See MoveStore."""
        await self._writer.run(lambda db: removed(db, message_id))


def move_to_private(db: Database, request_id: int, lease: TokenLease, *, now_ms: int) -> bool:
    """Continue a request in the private response that this token edits; False if it can't, or is already private.

    The pressed message is stored for removal. If the app is only user-installed there, only an unexpired token can
    remove it. Pictures that it shows must be posted again.
    """
    before = one_row(db, "SELECT * FROM requests WHERE id = :id", {"id": request_id})
    cursor = db.conn.execute(
        "UPDATE requests SET private = 1, token = ?, token_expires_at = ?, message_id = NULL, "
        "message_channel_id = NULL, message_by = '', shown = '', edits = 0, apart = 0, version = version + 1 "
        "WHERE id = ? AND private = 0 AND deleted_at IS NULL "
        "AND (bot_present OR (token IS NOT NULL AND token_expires_at > ?)) AND EXISTS ("
        "SELECT 1 FROM jobs WHERE request_id = requests.id AND retried_by IS NULL "
        "AND state IN ('queued', 'submitting', 'running'))",
        (lease.token, to_ms(lease.expires_at), request_id, now_ms),
    )
    if before is None or cursor.rowcount == 0:
        return False
    db.conn.execute(
        "INSERT INTO left_messages (message_id, request_id, channel_id, message_by, apart, token, token_expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            before["message_id"] or lease.message_id,
            request_id,
            before["message_channel_id"] or before["channel_id"],
            before["message_by"] or "interaction",
            before["apart"],
            before["token"],
            before["token_expires_at"],
        ),
    )
    db.conn.execute(
        "UPDATE jobs SET attachment_id = NULL, attachment_name = '' WHERE request_id = ? AND state = ?",
        (request_id, JobState.DELIVERED.value),
    )
    for row in all_rows(db, "SELECT * FROM jobs WHERE request_id = :id", {"id": request_id}):
        jobs.record_event(db, job_from(row), "made private", now_ms)
    return True


def overtaken(db: Database, request_id: int, shown: Shown) -> bool:
    """Whether a request became private while this was being shown.

    If so, the message that shows it is stored for removal.
    """
    row = one_row(db, "SELECT private FROM requests WHERE id = :id", {"id": request_id})
    if row is None or bool(row["private"]) == shown.private:
        return False
    if shown.message_id is not None:
        db.conn.execute(
            "INSERT OR IGNORE INTO left_messages (message_id, request_id, channel_id, message_by) VALUES (?, ?, ?, ?)",
            (shown.message_id, request_id, shown.channel_id, shown.by),
        )
    db.conn.execute("UPDATE requests SET version = version + 1 WHERE id = ?", (request_id,))
    return True


def left_messages(db: Database, request_id: int) -> list[LeftMessage]:
    """The leftover messages of a request that must still be removed."""
    rows = all_rows(db, "SELECT * FROM left_messages WHERE request_id = :id ORDER BY message_id", {"id": request_id})
    return [
        LeftMessage(
            message_id=row["message_id"],
            channel_id=row["channel_id"],
            by=row["message_by"],
            apart=bool(row["apart"]),
            token=row["token"],
            token_expires_at=moment(row["token_expires_at"]),
        )
        for row in rows
    ]


def removed(db: Database, message_id: int) -> None:
    """Forget a leftover message: it is gone, or can't be removed."""
    db.conn.execute("DELETE FROM left_messages WHERE message_id = ?", (message_id,))
