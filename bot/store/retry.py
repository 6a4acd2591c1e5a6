"""Retries a picture of unknown outcome: a new job replaces the old one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.job import Job, JobState
from bot.domain.limits import QueueLimits
from bot.domain.policy import check_attempts
from bot.store import blocks, jobs, quotas, requests
from bot.store.rows import all_rows, request_from


def retry(db: Database, job_id: int, *, role_ids: Collection[int] | None, room: QueueLimits, now_ms: int) -> Job | None:
    """Replace an uncertain job with a new one at the same price; None if that was already decided.

    It is checked like any order: the old job may have been charged and still counts, and the new one must fit in
    addition. `role_ids` are the member's current roles; None uses those stored with the request.

    Raises Refusal as `accept` does, and if the request already has the maximum number of jobs.

    The old job is kept, so that each job has at most one POST and its possible charge stays recorded.
    """
    old = jobs.get(db, job_id)
    if old.state is not JobState.UNCERTAIN or old.retried_by is not None:
        return None
    _check_retry(db, old, role_ids, room, now_ms)
    cursor = db.conn.execute(
        "INSERT INTO jobs (request_id, position, user_id, guild_id, resolution, state, price_microcredits, created_at) "
        "SELECT request_id, position, user_id, guild_id, resolution, ?, price_microcredits, ? FROM jobs WHERE id = ?",
        (JobState.QUEUED.value, now_ms, job_id),
    )
    new = requests.announced(db, int(cursor.lastrowid or 0), now_ms)
    db.conn.execute("UPDATE jobs SET retried_by = ? WHERE id = ?", (new.id, job_id))
    db.conn.execute("UPDATE requests SET version = version + 1 WHERE id = ?", (old.request_id,))
    jobs.record_event(db, old, "retried", now_ms, f"by job {new.id}; the member knows that it may be charged twice")
    return new


def _check_retry(db: Database, old: Job, role_ids: Collection[int] | None, room: QueueLimits, now_ms: int) -> None:
    """The checks of `accept`, for one more picture of the same request."""
    [row] = all_rows(db, "SELECT * FROM requests WHERE id = :id", {"id": old.request_id})
    [jobs_of] = all_rows(db, "SELECT COUNT(*) AS n FROM jobs WHERE request_id = :id", {"id": old.request_id})
    check_attempts(jobs=jobs_of["n"])
    requests.check_waiting(db, old.user_id, 1, room)
    blocks.check(db, old.guild_id, old.user_id, now_ms)
    request = request_from(row)
    roles = request.origin.role_ids if role_ids is None else tuple(role_ids)
    quotas.check_plan(db, replace(request.origin, role_ids=roles), request.spec, 1, old.price_microcredits, now_ms)
