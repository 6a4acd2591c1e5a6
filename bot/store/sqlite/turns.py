"""Whose turn it is: one rule, used to admit jobs and to tell a waiting job's place.

A member's jobs keep their order. A job's slot is its number among its member's waiting jobs plus those of the member
that are at work; lower slots go first, then the member whose last start is longest ago (of those who never had one,
the member who has waited longest for it). A start is the provider's taking a job: one that it sends back has not
started and keeps its member's turn, and calling a job up changes nobody else's place.
"""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

from bot.domain.job import Job
from bot.store.sqlite import jobs
from bot.store.sqlite.rows import all_rows

_LONGEST_WAIT_MS: Final = 120_000
"""No job waits longer for a new try. One that seems to was put off by a clock that was set back since: it is due."""
_AT_WORK: Final = "(state IN ('submitting', 'running') OR (state = 'queued' AND owner IS NOT NULL))"
_LINE: Final = f"""
    WITH busy AS (
        SELECT user_id, COUNT(*) AS jobs, MIN(CASE WHEN state <> 'running' THEN id END) AS first_id FROM jobs
        WHERE state IN ('queued', 'submitting', 'running') AND {_AT_WORK} GROUP BY user_id
    ),
    line AS (
        SELECT waiting.id, waiting.user_id, waiting.request_id, waiting.not_before,
            ROW_NUMBER() OVER (PARTITION BY waiting.user_id ORDER BY waiting.id) + COALESCE(busy.jobs, 0) AS slot,
            COALESCE(turns.last_start, 0) AS last_start,
            MIN(MIN(waiting.id) OVER (PARTITION BY waiting.user_id), COALESCE(busy.first_id, waiting.id)) AS first_id
        FROM jobs AS waiting LEFT JOIN busy USING (user_id) LEFT JOIN turns USING (user_id)
        WHERE waiting.state = 'queued' AND waiting.owner IS NULL AND waiting.held = 0
    )
"""  # noqa: S608 - made of constants
_COUNT_AT_WORK: Final = f"""
    SELECT COUNT(*) AS n FROM jobs WHERE state IN ('queued', 'submitting', 'running') AND {_AT_WORK}
"""  # noqa: S608 - made of constants
_ADMITTED: Final = f"""
    {_LINE}
    SELECT id FROM line
    WHERE slot <= :per_user AND (not_before IS NULL OR not_before <= :now OR not_before > :farthest)
    ORDER BY slot, last_start, first_id, id
    LIMIT MAX(0, :at_once - (SELECT COALESCE(SUM(jobs), 0) FROM busy))
"""  # noqa: S608 - made of constants
_PLACES: Final = f"""
    {_LINE}
    SELECT id, ROW_NUMBER() OVER (ORDER BY slot, last_start, first_id, id) AS place FROM line
"""  # noqa: S608 - made of constants


def admit(db: Database, *, owner: str, per_user: int, at_once: int, most: int, now_ms: int) -> list[Job]:
    """Mark the jobs whose turn it is with their owner, and return them in order.

    They stay `queued` until just before their POST, so that a crash between the two loses nothing.
    """
    if not _free_slots(db, at_once):
        return []
    limits = {"per_user": per_user, "at_once": at_once, "now": now_ms, "farthest": now_ms + _LONGEST_WAIT_MS}
    ids = [row["id"] for row in all_rows(db, _ADMITTED, limits)][:most]
    admitted = []
    for job_id in ids:
        db.conn.execute("UPDATE jobs SET owner = ? WHERE id = ?", (owner, job_id))
        admitted.append(jobs.get(db, job_id))
    return admitted


def _free_slots(db: Database, at_once: int) -> int:
    """How many more jobs may be at work: a cheap question, asked before the whole line is sorted."""
    return max(0, at_once - int(all_rows(db, _COUNT_AT_WORK)[0]["n"]))


def unclaim(db: Database, job_id: int, *, owner: str) -> None:
    """Put a job that was called up back in its place, untouched."""
    db.conn.execute("UPDATE jobs SET owner = NULL WHERE id = ? AND state = 'queued' AND owner = ?", (job_id, owner))


def next_not_before(db: Database, *, after_ms: int) -> int | None:
    """The first later moment at which a waiting job may be tried again; those that have passed wait for a slot."""
    sql = "SELECT MIN(not_before) AS next FROM jobs WHERE not_before > :after AND state = 'queued' AND owner IS NULL"
    next_ms: int | None = all_rows(db, sql, {"after": after_ms})[0]["next"]
    return next_ms


def places(db: Database) -> dict[int, int]:
    """Every waiting job's place in line; 1 is next. Jobs already called up have none."""
    return {row["id"]: row["place"] for row in all_rows(db, _PLACES)}
