"""Counts a member's stored data, and deletes it in resumable steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.job import JobState, Wiped
from bot.domain.privacy import DataCounts, LeftoverFiles
from bot.domain.rules import Setting
from bot.ports.privacy import Record
from bot.store import data_export, jobs, redaction
from bot.store.rows import all_rows, one_row, to_ms
from bot.store.rules import settings_of_all
from bot.store.sqlite.writer import DatabaseThread

_UNDER_WAY = "state IN ('queued', 'uncertain', 'submitting', 'running', 'fetched') AND retried_by IS NULL"
_WAITS_FOR_SOMETHING = (
    "shown_version < version OR EXISTS (SELECT 1 FROM jobs WHERE jobs.request_id = requests.id "
    f"AND (state = 'ready' OR ({_UNDER_WAY})))"
)


class SqlitePrivacy:
    """Implements PrivacyStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def tally(self, user_id: int) -> DataCounts:
        """See PrivacyStore."""
        return await self._reader.run(lambda db: tally(db, user_id))

    async def begin_erasure(self, user_id: int) -> Sequence[int]:
        """See PrivacyStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: begin_erasure(db, user_id, now_ms))

    async def erasing(self) -> Sequence[int]:
        """See PrivacyStore."""
        rows = await self._reader.run(lambda db: all_rows(db, "SELECT user_id FROM erasures ORDER BY asked_at"))
        return [row["user_id"] for row in rows]

    async def erase_some(self, user_id: int, *, after: int, most: int) -> Sequence[int]:
        """See PrivacyStore."""
        return await self._writer.run(lambda db: erase_some(db, user_id, after, most))

    async def retentions(self) -> Mapping[int, int]:
        """See PrivacyStore."""
        return await self._reader.run(retentions)

    async def wipe_older(self, before: datetime, *, guild_id: int | None = None, most: int) -> int:
        """See PrivacyStore."""
        return await self._writer.run(lambda db: wipe_older(db, to_ms(before), guild_id, most))

    async def leftovers(self, before: datetime, *, most: int) -> Sequence[LeftoverFiles]:
        """See PrivacyStore."""
        return await self._reader.run(lambda db: redaction.leftovers(db, before_ms=to_ms(before), most=most))

    async def cleared(self, request_ids: Sequence[int]) -> None:
        """See PrivacyStore."""
        await self._writer.run(lambda db: redaction.cleared(db, request_ids))

    async def kept_beside(self, user_id: int) -> Mapping[str, Sequence[Record]]:
        """See PrivacyStore."""
        return await self._reader.run(lambda db: data_export.beside(db, user_id))

    async def kept_requests(self, user_id: int, *, after: int, most: int) -> Sequence[Record]:
        """See PrivacyStore."""
        return await self._reader.run(lambda db: data_export.requests_of(db, user_id, after, most))


def tally(db: Database, user_id: int) -> DataCounts:
    """Count what can be deleted."""
    counts = {
        "requests": "requests WHERE user_id = :user AND wiped <> 'wish'",
        "under_way": f"jobs WHERE user_id = :user AND {_UNDER_WAY}",
        "styles": "presets WHERE server = 0 AND owner_id = :user",
    }
    found = {
        name: all_rows(db, f"SELECT COUNT(*) AS n FROM {rows}", {"user": user_id})[0]["n"]
        for name, rows in counts.items()
    }
    return DataCounts(**found)


def begin_erasure(db: Database, user_id: int, now_ms: int) -> Sequence[int]:
    """Record the deletion request; from now on nothing of the member's is ordered, asked or posted."""
    who = {"user": user_id, "now": now_ms}
    db.conn.execute(
        "INSERT OR REPLACE INTO erasures (user_id, last_request_id, asked_at) "
        "SELECT :user, COALESCE(MAX(id), 0), :now FROM requests WHERE user_id = :user",
        who,
    )
    db.conn.execute("DELETE FROM presets WHERE server = 0 AND owner_id = :user", who)
    db.conn.execute("UPDATE presets SET saved_by = 0 WHERE server = 1 AND saved_by = :user", who)
    db.conn.execute("DELETE FROM drafts WHERE user_id = :user", who)
    for row in all_rows(db, f"SELECT id, state FROM jobs WHERE user_id = :user AND {_UNDER_WAY}", who):
        _stop(db, row["id"], JobState(row["state"]), now_ms)
    # Messages that would be updated are removed instead: their rows have changed, or what they show is unknown.
    behind = all_rows(
        db,
        "SELECT id FROM requests WHERE user_id = :user AND shown_version < version AND deleted_at IS NULL ORDER BY id",
        who,
    )
    changed = [row["id"] for row in behind]
    db.conn.executemany(
        "UPDATE requests SET deleted_at = ?, version = version + 1 WHERE id = ?",
        [(now_ms, request_id) for request_id in changed],
    )
    return changed


def _stop(db: Database, job_id: int, state: JobState, now_ms: int) -> None:
    """Cancel what is free; withdraw what is paid for, so that it is fetched but not posted."""
    if state in {JobState.QUEUED, JobState.UNCERTAIN}:
        jobs.cancelled(db, job_id, now_ms=now_ms)
    elif state is JobState.FETCHED:
        jobs.ready(db, job_id, "its member had everything deleted", now_ms=now_ms)
    else:
        jobs.withdrawn(db, job_id, now_ms=now_ms)


def erase_some(db: Database, user_id: int, after: int, most: int) -> Sequence[int]:
    """Wipe the next requests; after the last of them the deletion request is completed."""
    wish = one_row(db, "SELECT last_request_id AS last FROM erasures WHERE user_id = :user", {"user": user_id})
    if wish is None:
        return []
    rows = all_rows(
        db,
        "SELECT id FROM requests WHERE user_id = :user AND id > :after AND id <= :last AND wiped <> 'wish' "
        "ORDER BY id LIMIT :most",
        {"user": user_id, "after": after, "last": wish["last"], "most": most},
    )
    found = [row["id"] for row in rows]
    redaction.wipe(db, found, Wiped.AT_WISH)
    if len(found) < most:
        db.conn.execute("DELETE FROM erasures WHERE user_id = ?", (user_id,))
    return found


def retentions(db: Database) -> dict[int, int]:
    """The prompt retention of each server that has set one."""
    return {guild_id: int(days) for guild_id, days in settings_of_all(db, Setting.RETENTION_DAYS).items()}


def wipe_older(db: Database, before_ms: int, guild_id: int | None, most: int) -> int:
    """Wipe the oldest requests past their retention."""
    of_server = "" if guild_id is None else "guild_id = :guild AND"
    rows = all_rows(
        db,
        f"SELECT id FROM requests WHERE {of_server} wiped = '' AND created_at < :before "
        f"AND NOT ({_WAITS_FOR_SOMETHING}) ORDER BY created_at LIMIT :most",
        {"guild": guild_id, "before": before_ms, "most": most},
    )
    redaction.wipe(db, [row["id"] for row in rows], Wiped.IN_TIME)
    return len(rows)
