"""The fair queue's order: one rule, used to admit jobs and to show a waiting job's place.

A member's jobs keep their order. A job's slot is its index among its member's waiting jobs plus the number of that
member's jobs in progress; lower slots go first, then the member whose last start was longest ago (among members who
never had one, the one who has waited longest). A start is recorded when the provider accepts a job: a job that it sends
back has not started and keeps its member's turn, and claiming a job changes no other member's place.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

from sqlite_utils import Database

from bot.domain.job import Job
from bot.store import jobs
from bot.store.rows import all_rows

_LONGEST_WAIT_MS: Final = 120_000
"""No job is delayed longer than this before a retry.

A longer delay was written before the clock was set back: it is due.
"""
_WAITING: Final = "state = 'queued' AND owner IS NULL AND held = 0"
_AT_WORK: Final = "(state IN ('submitting', 'running') OR (state = 'queued' AND owner IS NOT NULL))"
_LINE: Final = f"""
    WITH line AS MATERIALIZED (
        SELECT user_id, COUNT(*) AS waiting,
            MIN(MIN(id), COALESCE((SELECT MIN(busy.id) FROM jobs AS busy INDEXED BY jobs_at_work
                WHERE busy.user_id = jobs.user_id AND {_AT_WORK} AND busy.state <> 'running'), MIN(id))) AS first_id,
            (SELECT COUNT(*) FROM jobs AS busy INDEXED BY jobs_at_work
                WHERE busy.user_id = jobs.user_id AND {_AT_WORK}) AS at_work,
            COALESCE((SELECT last_start FROM turns WHERE turns.user_id = jobs.user_id), 0) AS last_start
        FROM jobs INDEXED BY jobs_line WHERE {_WAITING} GROUP BY user_id
    )
"""
"""A row per waiting member; `first_id` is the first of their jobs that has not started.

Reads ten thousand jobs from the index alone, without sorting. The indexes are named because SQLite's planner does not
know how small a share of all jobs they contain.
"""
_COUNT_AT_WORK: Final = f"SELECT COUNT(*) AS n FROM jobs INDEXED BY jobs_at_work WHERE {_AT_WORK}"
_TURNS: Final = f"""
    {_LINE},
    slots AS (
        SELECT 1 AS slot UNION ALL
        SELECT slot + 1 FROM slots WHERE slot < MIN(:per_user, (SELECT MAX(at_work + waiting) FROM line))
    )
    SELECT user_id, slot - at_work - 1 AS nth FROM line JOIN slots ON slot > at_work AND slot <= at_work + waiting
    ORDER BY slot, last_start, first_id
"""
_NTH: Final = f"""
    SELECT id, not_before FROM jobs INDEXED BY jobs_line WHERE user_id = :user AND {_WAITING}
    ORDER BY id LIMIT 1 OFFSET :nth
"""
_EMPTY_TABLE: Final = """
    CREATE TEMP TABLE IF NOT EXISTS drawn_up (
        user_id INTEGER PRIMARY KEY, waiting INTEGER, first_id INTEGER, at_work INTEGER, last_start INTEGER
    )
"""
_DRAWN_UP: Final = f"""
    INSERT INTO temp.drawn_up {_LINE} SELECT user_id, waiting, first_id, at_work, last_start FROM line
"""
_PLACE: Final = f"""
    WITH own AS MATERIALIZED (
        SELECT last_start, first_id, at_work + (
            SELECT COUNT(*) FROM jobs INDEXED BY jobs_line WHERE user_id = :user AND id <= :id AND {_WAITING}
        ) AS slot
        FROM temp.drawn_up WHERE user_id = :user AND EXISTS (SELECT 1 FROM jobs WHERE id = :id AND {_WAITING})
    )
    SELECT SUM(
        MIN(MAX(own.slot - 1 - other.at_work, 0), other.waiting)
        + (other.at_work < own.slot AND own.slot <= other.at_work + other.waiting
            AND (other.last_start, other.first_id) <= (own.last_start, own.first_id))
    ) AS place FROM own, temp.drawn_up AS other
"""
"""For each member, the jobs in lower slots, plus the one in the same slot if that member sorts no later."""


def admit(db: Database, *, owner: str, per_user: int, at_once: int, most: int, now_ms: int) -> list[Job]:
    """Claim the next jobs for their owner, and return them in order.

    They stay `queued` until just before their POST, so that a crash in between loses nothing.
    """
    room = min(most, at_once - int(all_rows(db, _COUNT_AT_WORK)[0]["n"]))
    if room <= 0:
        return []
    admitted = []
    for job_id in _next(db, room, per_user=per_user, now_ms=now_ms):
        db.conn.execute("UPDATE jobs SET owner = ? WHERE id = ?", (owner, job_id))
        admitted.append(jobs.get(db, job_id))
    return admitted


def _next(db: Database, room: int, *, per_user: int, now_ms: int) -> list[int]:
    """The next jobs, at most as many as are free."""
    found: list[int] = []
    with closing(db.conn.execute(_TURNS, {"per_user": per_user})) as slots:
        for slot in slots:
            [job] = all_rows(db, _NTH, {"user": slot["user_id"], "nth": slot["nth"]})
            if job["not_before"] is None or not now_ms < job["not_before"] <= now_ms + _LONGEST_WAIT_MS:
                found.append(job["id"])
            if len(found) == room:
                break
    return found


def unclaim(db: Database, job_id: int, *, owner: str) -> None:
    """Return a claimed job to its place in the queue, unchanged."""
    db.conn.execute("UPDATE jobs SET owner = NULL WHERE id = ? AND state = 'queued' AND owner = ?", (job_id, owner))


def next_not_before(db: Database, *, after_ms: int) -> int | None:
    """The next future moment at which a delayed job may be retried; those already due wait only for a slot."""
    sql = "SELECT MIN(not_before) AS next FROM jobs WHERE not_before > :after AND state = 'queued' AND owner IS NULL"
    next_ms: int | None = all_rows(db, sql, {"after": after_ms})[0]["next"]
    return next_ms


def draw_up(db: Database) -> None:
    """Snapshot the queue in this connection's temporary table: each `place` then only compares members."""
    [read_only] = db.conn.execute("PRAGMA query_only").fetchone()
    db.conn.execute("PRAGMA query_only = OFF")  # query_only also forbids writing to temporary tables
    try:
        for statement in (_EMPTY_TABLE, "DELETE FROM temp.drawn_up", _DRAWN_UP):
            db.conn.execute(statement).close()
    finally:
        db.conn.execute(f"PRAGMA query_only = {read_only}")


def place(db: Database, job: Job) -> int | None:
    """A waiting job's place in the last snapshot of the queue; 1 is next.

    None if it has been claimed, or is not queued yet.
    """
    found: int | None = all_rows(db, _PLACE, {"user": job.user_id, "id": job.id})[0]["place"]
    return found
