"""Totals updated in the transaction of every transition, so that statistics never read the jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Final

from sqlite_utils import Database

from bot.domain.credits import MICRO
from bot.domain.errors import BotError, ProviderError
from bot.domain.job import Job
from bot.domain.period import spans_of
from bot.domain.wait_histogram import class_of
from bot.store.rows import all_rows, from_ms, to_ms

NO_SERVER: Final = 0
_COUNTED: Final = (
    "requested",
    "delivered",
    "failed",
    "cancelled",
    "uncertain",
    "balance_errors",
    "spent_microcredits",
    "possible_microcredits",
)
_OFF: Final = " OR ".join(f"SUM({column}) <> 0" for column in _COUNTED)
_NEGATED: Final = ", ".join(f"-{column}" for column in _COUNTED)
_NAMED: Final = ", ".join(_COUNTED)
_FAULTS: Final = {
    "the totals of servers": f"""
        SELECT guild_id || ', ' || day FROM (
            SELECT guild_id, day, resolution, {_NAMED} FROM usage_servers
            UNION ALL SELECT guild_id, day, resolution, {_NEGATED} FROM usage_daily
        ) GROUP BY guild_id, day, resolution HAVING {_OFF}
    """,
    "the totals of members": f"""
        SELECT guild_id || ', ' || span || ', member ' || user_id FROM (
            SELECT guild_id, span, user_id, {_NAMED} FROM usage_members
            UNION ALL
            SELECT guild_id, iif(length = 0, 'all', substr(day, 1, length)), user_id, {_NEGATED} FROM usage_daily
            JOIN (SELECT 0 AS length UNION SELECT 4 UNION SELECT 7 UNION SELECT 10)
        ) GROUP BY guild_id, span, user_id HAVING {_OFF}
    """,
    "the last days of members": """
        SELECT guild_id || ', member ' || user_id FROM (
            SELECT guild_id, user_id, day FROM usage_last_days
            UNION ALL SELECT guild_id, user_id, MAX(day) FROM usage_daily WHERE requested > 0 GROUP BY guild_id, user_id
        ) GROUP BY guild_id, user_id HAVING COUNT(*) <> 2 OR COUNT(DISTINCT day) <> 1
    """,
    "the counted waits": """
        SELECT guild_id || ', ' || day FROM (
            SELECT guild_id, day, pictures FROM usage_waits
            UNION ALL SELECT COALESCE(guild_id, 0), date(fetched_at / 1000, 'unixepoch'), -1
            FROM jobs WHERE fetched_at IS NOT NULL
        ) GROUP BY guild_id, day HAVING SUM(pictures) <> 0
    """,
    "the counted failures": """
        SELECT guild_id || ', ' || day || ', ' || code FROM (
            SELECT guild_id, day, code, failures FROM usage_failures
            UNION ALL SELECT COALESCE(guild_id, 0), date(finished_at / 1000, 'unixepoch'), error_code, -1
            FROM jobs WHERE state = 'failed'
        ) GROUP BY guild_id, day, code HAVING SUM(failures) <> 0
    """,
    "the reported costs": """
        SELECT guild_id || ', ' || day FROM (
            SELECT guild_id, day, resolution, reported_microcredits AS amount FROM usage_servers
            UNION ALL SELECT COALESCE(jobs.guild_id, 0), date(at / 1000, 'unixepoch'), resolution,
                -CAST(round(reported_cost * 1000000) AS INTEGER)
            FROM jobs JOIN ledger ON ledger.job_id = jobs.id AND kind = 'charge' WHERE reported_cost IS NOT NULL
        ) GROUP BY guild_id, day, resolution HAVING SUM(amount) <> 0
    """,
}  # fmt: skip
"""By kind of total, those that differ from the sums of their rows."""


def count(db: Database, job: Job, column: str, at_ms: int, *, by: int = 1) -> None:
    """Add to the totals of a job's day: by member, server and resolution, by server, and by member."""
    day = from_ms(at_ms).date()
    named = {"guild": job.guild_id or NO_SERVER, "user": job.user_id, "job": job.id, "by": by, "day": day.isoformat()}
    added = f"ON CONFLICT DO UPDATE SET {column} = {column} + excluded.{column}"
    db.conn.execute(
        f"INSERT INTO usage_daily (day, guild_id, user_id, resolution, {column}) "
        f"SELECT :day, :guild, :user, resolution, :by FROM jobs WHERE id = :job {added}",
        named,
    )
    count_for_server(db, job, column, at_ms, by=by)
    db.conn.executemany(
        f"INSERT INTO usage_members (guild_id, span, user_id, {column}) VALUES (:guild, :span, :user, :by) {added}",
        [{"guild": named["guild"], "user": job.user_id, "by": by, "span": span} for span in spans_of(day)],
    )
    if column == "requested":
        db.conn.execute(
            "INSERT INTO usage_last_days (guild_id, user_id, day) VALUES (:guild, :user, :day) "
            "ON CONFLICT DO UPDATE SET day = max(day, excluded.day)",
            named,
        )


def count_for_server(db: Database, job: Job, column: str, at_ms: int, *, by: int) -> None:
    """Add to the totals of a job's server only."""
    db.conn.execute(
        f"INSERT INTO usage_servers (guild_id, day, resolution, {column}) "
        "SELECT :guild, :day, resolution, :by FROM jobs WHERE id = :job "
        f"ON CONFLICT DO UPDATE SET {column} = {column} + excluded.{column}",
        {"guild": job.guild_id or NO_SERVER, "job": job.id, "by": by, "day": _day(at_ms)},
    )


def reported(db: Database, job: Job, before: float | None) -> None:
    """Count the cost that the provider reports for a charged job, next to the computed one, on the charge's day.

    `before` is what it reported earlier and was already counted.
    """
    if job.reported_cost is None or job.reported_cost == before:
        return
    [charge] = all_rows(db, "SELECT at FROM ledger WHERE job_id = :job AND kind = 'charge'", {"job": job.id})
    more = round(job.reported_cost * MICRO) - round((before or 0) * MICRO)
    count_for_server(db, job, "reported_microcredits", charge["at"], by=more)
    if before is None:
        count_for_server(db, job, "reported_for_microcredits", charge["at"], by=job.price_microcredits)


def waited(db: Database, job: Job, at_ms: int) -> None:
    """Count how long a member waited for a picture that has just arrived."""
    db.conn.execute(
        "INSERT INTO usage_waits (guild_id, day, wait_s, pictures) VALUES (?, ?, ?, 1) "
        "ON CONFLICT DO UPDATE SET pictures = pictures + 1",
        (job.guild_id or NO_SERVER, _day(at_ms), class_of(at_ms - to_ms(job.created_at))),
    )


def not_waited(db: Database, job: Job) -> None:
    """Undo the count of a picture that was lost before it was shown: it will be counted when it arrives again."""
    if job.fetched_at is not None:
        db.conn.execute(
            "UPDATE usage_waits SET pictures = pictures - 1 WHERE guild_id = ? AND day = ? AND wait_s = ?",
            (
                job.guild_id or NO_SERVER,
                job.fetched_at.date().isoformat(),
                class_of(to_ms(job.fetched_at) - to_ms(job.created_at)),
            ),
        )


def failed(db: Database, job: Job, error: BotError, at_ms: int) -> None:
    """Record a failure with the provider's answer, and count it by its code."""
    trouble(db, job, error, at_ms, uncertain=False)
    db.conn.execute(
        "INSERT INTO usage_failures (guild_id, day, code, failures) VALUES (?, ?, ?, 1) "
        "ON CONFLICT DO UPDATE SET failures = failures + 1",
        (job.guild_id or NO_SERVER, _day(at_ms), error.code),
    )


def trouble(db: Database, job: Job, error: BotError, at_ms: int, *, uncertain: bool) -> None:
    """Record the provider's answer, also for an order of unknown outcome, which is not a failure yet."""
    of_provider = error if isinstance(error, ProviderError) else ProviderError("")
    db.conn.execute(
        "INSERT INTO failures (job_id, user_id, guild_id, at, code, http_status, provider_code, request_id, uncertain) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.id,
            job.user_id,
            job.guild_id,
            at_ms,
            error.code,
            of_provider.http_status,
            of_provider.provider_code,
            of_provider.request_id,
            uncertain,
        ),
    )


def faults(db: Database) -> Iterator[str]:
    """Every incorrect total here, as a sentence; reads whole tables."""
    for what, query in _FAULTS.items():
        with closing(db.conn.execute(query)) as rows:
            for row in rows:
                yield f"Server {row[0]}: {what} are off."


def _day(at_ms: int) -> str:
    return from_ms(at_ms).date().isoformat()
