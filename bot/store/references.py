"""Reference pictures of requests: stored by URL at once, then copied to disk, and only then sent to the provider."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from bot.domain.job import NewReference, Reference
from bot.store.rows import all_rows, reference_from


def insert(db: Database, request_id: int, references: Sequence[NewReference]) -> None:
    """Store a new request's references in the order in which its member gave them."""
    db.conn.executemany(
        "INSERT INTO request_references (request_id, position, url, name, file_name) VALUES (?, ?, ?, ?, ?)",
        [(request_id, position, r.url, r.name, r.file_name) for position, r in enumerate(references)],
    )


def of(db: Database, request_id: int) -> tuple[Reference, ...]:
    """A request's references, in order."""
    rows = all_rows(db, "SELECT * FROM request_references WHERE request_id = :id ORDER BY position", {"id": request_id})
    return tuple(map(reference_from, rows))


def arrived(db: Database, request_id: int, references: Sequence[Reference]) -> None:
    """Record that the references' bytes are on disk, and queue the request's jobs."""
    db.conn.executemany(
        "UPDATE request_references SET file_name = ?, content_type = ?, size_bytes = ?, note = ? "
        "WHERE request_id = ? AND position = ?",
        [(r.file_name, r.content_type, r.size_bytes, r.note, request_id, r.position) for r in references],
    )
    db.conn.execute("UPDATE jobs SET held = 0 WHERE request_id = ? AND state = 'queued'", (request_id,))
    db.conn.execute("UPDATE requests SET version = version + 1 WHERE id = ?", (request_id,))


def awaited(db: Database) -> list[int]:
    """The requests that still wait for their references, oldest first."""
    rows = all_rows(db, "SELECT DISTINCT request_id FROM jobs WHERE state = 'queued' AND held = 1 ORDER BY request_id")
    return [row["request_id"] for row in rows]


def finished(db: Database, before_ms: int, most: int) -> list[int]:
    """Settled requests made before a moment whose copies are still on disk, oldest first."""
    rows = all_rows(
        db,
        "SELECT DISTINCT request_id FROM request_references AS copied JOIN requests ON requests.id = request_id "
        "WHERE file_name IS NOT NULL AND url <> '' AND requests.created_at < :before AND NOT EXISTS ("
        "SELECT 1 FROM jobs WHERE jobs.request_id = copied.request_id "
        "AND state IN ('queued', 'submitting', 'uncertain', 'running', 'fetched')) ORDER BY request_id LIMIT :most",
        {"before": before_ms, "most": most},
    )
    return [row["request_id"] for row in rows]


def removed(db: Database, request_ids: Sequence[int]) -> None:
    """Record that these requests' copies are no longer on disk."""
    db.conn.executemany(
        "UPDATE request_references SET file_name = NULL WHERE request_id = ? AND url <> ''",
        [(request_id,) for request_id in request_ids],
    )
