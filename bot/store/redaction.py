"""Redaction: removes members' words from requests. Rows stay because ledger, totals and job history refer to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlite_utils import Database

from bot.domain.job import Wiped
from bot.domain.privacy import LeftoverFiles
from bot.store.rows import all_rows

_WORDS: Final = """
    UPDATE requests SET prompt = '', style = '', style_text = '', role_ids = NULL, wiped = :why,
        token = iif(deleted_at IS NULL, NULL, token)
    WHERE id = :id
"""
"""A message that is about to be removed needs its token, which is deleted when it expires."""
_DETAILS: Final = """
    UPDATE job_events SET detail = '' WHERE job_id IN (SELECT id FROM jobs WHERE request_id = :id)
    AND (event = 'uncertain' OR event LIKE 'failed:%' OR event LIKE 'returned:%')
"""
_OF_ITS_JOBS: Final = ("UPDATE jobs SET error_text = '' WHERE request_id = :id", _DETAILS)
"""The provider's error messages may quote the prompt, or name a file."""
_OF_REQUEST: Final = (
    _WORDS,
    "DELETE FROM request_references WHERE request_id = :id",
    "INSERT OR IGNORE INTO leftovers (request_id) VALUES (:id)",
    *_OF_ITS_JOBS,
)
_SETTLED: Final = (
    "NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.request_id = leftovers.request_id "
    "AND state IN ('queued', 'submitting', 'running', 'fetched'))"
)


def wipe(db: Database, request_ids: Sequence[int], why: Wiped) -> None:
    """Redact these requests; their files become leftovers to delete."""
    for request_id in request_ids:
        for statement in _OF_REQUEST:
            db.conn.execute(statement, {"id": request_id, "why": why.value})


def note_file(db: Database, request_id: int) -> None:
    """Record a new file on disk; if its request was wiped meanwhile, it becomes a leftover."""
    db.conn.execute(
        "INSERT OR IGNORE INTO leftovers (request_id) SELECT id FROM requests WHERE id = ? AND wiped <> ''",
        (request_id,),
    )


def leftovers(db: Database, *, before_ms: int, most: int) -> list[LeftoverFiles]:
    """Wiped requests made before a moment whose files may be deleted now.

    Skips requests with a job that may still bring a picture, and files that another unsubmitted order needs.
    """
    rows = all_rows(
        db,
        "SELECT request_id FROM leftovers JOIN requests ON requests.id = request_id "
        f"WHERE created_at < :before AND {_SETTLED} ORDER BY request_id LIMIT :most",
        {"before": before_ms, "most": most},
    )
    shared = _files_in_use(db) if rows else frozenset()
    found = []
    for row in rows:
        jobs = all_rows(db, "SELECT id FROM jobs WHERE request_id = :id ORDER BY id", {"id": row["request_id"]})
        leftover = LeftoverFiles(request_id=row["request_id"], job_ids=tuple(job["id"] for job in jobs))
        if not _is_shared(leftover, shared):
            found.append(leftover)
    return found


def cleared(db: Database, request_ids: Sequence[int]) -> None:
    """Record that no file of these requests is on disk any more."""
    for request_id in request_ids:
        db.conn.execute("UPDATE jobs SET picture_file = NULL, result_url = NULL WHERE request_id = ?", (request_id,))
        for statement in _OF_ITS_JOBS:  # a job that continued after the wipe may have failed since
            db.conn.execute(statement, {"id": request_id})
        db.conn.execute("DELETE FROM leftovers WHERE request_id = ?", (request_id,))


def _files_in_use(db: Database) -> frozenset[tuple[str, ...]]:
    """File name prefixes that unsubmitted orders refer to: `7.` for a picture, `7-` for a request's references."""
    rows = all_rows(
        db,
        "SELECT DISTINCT file_name, url FROM request_references AS named "
        "JOIN jobs AS waiting ON waiting.request_id = named.request_id "
        "WHERE waiting.state IN ('queued', 'submitting', 'uncertain') AND file_name IS NOT NULL",
    )
    return frozenset(row["file_name"].partition("-" if row["url"] else ".")[:2] for row in rows)


def _is_shared(leftover: LeftoverFiles, in_use: Collection[tuple[str, ...]]) -> bool:
    names = [(str(leftover.request_id), "-"), *((str(job_id), ".") for job_id in leftover.job_ids)]
    return any(name in in_use for name in names)
