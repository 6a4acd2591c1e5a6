"""Finds orphans: files on disk that no row names."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlite_utils import Database

from bot.store.rows import all_rows
from bot.store.sqlite.writer import DatabaseThread


class SqliteStrays:
    """Implements StrayStore."""

    def __init__(self, *, reader: DatabaseThread) -> None:
        self._reader = reader

    async def stray_pictures(self, job_ids: Collection[int]) -> list[int]:
        """See StrayStore."""
        return await self._reader.run(lambda db: _stray_pictures(db, job_ids))

    async def stray_references(self, request_ids: Collection[int]) -> list[int]:
        """See StrayStore."""
        return await self._reader.run(lambda db: _stray_references(db, request_ids))


def _stray_pictures(db: Database, job_ids: Collection[int]) -> list[int]:
    rows = all_rows(
        db,
        "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(:ids)) "
        "AND picture_file IS NULL AND state NOT IN ('queued', 'submitting', 'uncertain', 'running', 'fetched') "
        "ORDER BY id",
        {"ids": json.dumps(list(job_ids))},
    )
    return [row["id"] for row in rows]


def _stray_references(db: Database, request_ids: Collection[int]) -> list[int]:
    settled = all_rows(
        db,
        "SELECT id FROM requests WHERE id IN (SELECT value FROM json_each(:ids)) "
        "AND NOT EXISTS (SELECT 1 FROM jobs WHERE request_id = requests.id "
        "AND state IN ('queued', 'submitting', 'uncertain', 'running', 'fetched')) ORDER BY id",
        {"ids": json.dumps(list(request_ids))},
    )
    # A retried request names the files of the first; only files that are on disk are named at all.
    rows = all_rows(db, "SELECT file_name FROM request_references WHERE file_name IS NOT NULL AND url <> ''")
    named = {row["file_name"].partition("-")[0] for row in rows}
    return [row["id"] for row in settled if str(row["id"]) not in named]
