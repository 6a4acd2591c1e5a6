"""Which pictures may be deleted from disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlite_utils import Database

from bot.store.rows import all_rows

_UNNEEDED: Final = (
    "picture_file IS NOT NULL AND state = 'delivered' AND picture_file NOT IN ("
    "SELECT file_name FROM request_references AS named JOIN jobs AS waiting ON waiting.request_id = named.request_id "
    "WHERE waiting.state IN ('queued', 'submitting', 'uncertain') AND url = '' AND file_name IS NOT NULL)"
)
"""A picture that its message shows, and that no unsubmitted order refers to."""


def unneeded_files(db: Database, request_id: int) -> list[int]:
    """The jobs of a request whose picture may be deleted now."""
    rows = all_rows(
        db,
        f"SELECT id FROM jobs WHERE request_id = :request AND {_UNNEEDED}",
        {"request": request_id},
    )
    return [row["id"] for row in rows]


def finished_files(db: Database, before_ms: int, most: int) -> list[int]:
    """Jobs settled before a moment that still have a file here, oldest first; `ready` pictures are kept."""
    rows = all_rows(
        db,
        f"SELECT id FROM jobs WHERE finished_at < :before AND {_UNNEEDED} ORDER BY finished_at LIMIT :most",
        {"before": before_ms, "most": most},
    )
    return [row["id"] for row in rows]


def files_removed(db: Database, job_ids: Sequence[int]) -> None:
    """Record that these jobs' pictures are no longer on disk."""
    db.conn.executemany("UPDATE jobs SET picture_file = NULL WHERE id = ?", [(job_id,) for job_id in job_ids])
