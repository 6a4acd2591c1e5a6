"""Audits the ledger: each job's rows against the rules, and every total against the rows that it sums up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from typing import Final

from sqlite_utils import Database

from bot.domain.credits import LedgerKind
from bot.domain.errors import Cost
from bot.domain.job import JobState
from bot.domain.ledger_rules import Account, faults
from bot.store import rollups

_REMEMBERED: Final = 10_000
_AMOUNTS: Final = ", ".join(f"SUM(amount_microcredits) FILTER (WHERE kind = '{k}') AS '{k}'" for k in LedgerKind)
_ACCOUNTS: Final = f"""
    SELECT jobs.id, jobs.state, jobs.cost, jobs.price_microcredits,
        EXISTS (SELECT 1 FROM job_events WHERE job_id = jobs.id AND event = 'submitting') AS ordered, {_AMOUNTS}
    FROM jobs LEFT JOIN ledger ON ledger.job_id = jobs.id GROUP BY jobs.id
"""
_STRANGERS: Final = """
    SELECT jobs.id FROM ledger JOIN jobs ON jobs.id = ledger.job_id
    WHERE ledger.user_id <> jobs.user_id OR ledger.guild_id IS NOT jobs.guild_id
"""

_FIRST: Final = {
    "requested": "event = 'accepted'",
    "delivered": "event IN ('delivered', 'ready')",
    "failed": "event GLOB 'failed:*'",
    "cancelled": "event = 'cancelled'",
    "uncertain": "event = 'uncertain'",
}
"""Events that a daily total counts once per job.

A picture that was collected later counts as delivered when it became ready.
"""
_SUMMED: Final = {
    "balance_errors": "1 AS amount FROM balance_errors",
    "spent_microcredits": "CASE kind WHEN 'charge' THEN 1 ELSE -1 END * amount_microcredits AS amount FROM ledger "
    "WHERE kind IN ('charge', 'refund')",
    "possible_microcredits": "amount_microcredits AS amount FROM ledger WHERE kind IN ('uncertain', 'adjust')",
}
"""The rows that the other totals sum up."""
_COLUMNS: Final = (*_FIRST, *_SUMMED)


def _of(column: str, value: str) -> str:
    """A value in its column, and zero in the others."""
    return ", ".join(value if other == column else "0" for other in _COLUMNS)


_ROWS: Final = {
    **{column: f"SELECT job_id, {column} AS at, 1 AS amount FROM firsts WHERE {column} > 0" for column in _FIRST},
    **{column: f"SELECT job_id, at, {rows}" for column, rows in _SUMMED.items()},
}
_RAW: Final = " UNION ALL ".join(
    f"SELECT job_id, at, {_of(column, 'amount')} FROM ({rows})" for column, rows in _ROWS.items()
)
_TOTALS: Final = f"""
    WITH firsts AS MATERIALIZED (
        SELECT job_id, {", ".join(f"MIN(at) FILTER (WHERE {event}) AS {column}" for column, event in _FIRST.items())}
        FROM job_events GROUP BY job_id
    ),
    raw (job_id, at, {", ".join(_COLUMNS)}) AS ({_RAW})
    SELECT day, guild_id, user_id, resolution, {", ".join(f"SUM({column}) AS {column}" for column in _COLUMNS)} FROM (
        SELECT day, guild_id, user_id, resolution, {", ".join(_COLUMNS)} FROM usage_daily
        UNION ALL
        SELECT date(raw.at / 1000, 'unixepoch'), COALESCE(jobs.guild_id, 0), jobs.user_id, jobs.resolution,
            {", ".join(f"-{column}" for column in _COLUMNS)}
        FROM raw JOIN jobs ON jobs.id = raw.job_id
    ) GROUP BY day, guild_id, user_id, resolution HAVING {" OR ".join(f"SUM({column}) <> 0" for column in _COLUMNS)}
"""
"""The daily totals minus the sums of their rows, in one pass over each table: the differences must be zero."""

_USE: Final = """
    WITH raw AS (
        SELECT jobs.guild_id, jobs.user_id, date(jobs.created_at / 1000, 'unixepoch') AS day,
            CASE kind WHEN 'reserve' THEN 1 ELSE -1 END AS pictures,
            CASE kind WHEN 'reserve' THEN amount_microcredits ELSE -amount_microcredits END AS microcredits
        FROM ledger JOIN jobs ON jobs.id = ledger.job_id
        WHERE jobs.guild_id IS NOT NULL AND kind IN ('reserve', 'release', 'refund')
    )
    SELECT guild_id, user_id, day, SUM(pictures) AS pictures, SUM(microcredits) AS microcredits FROM (
        SELECT guild_id, user_id, day, pictures, microcredits FROM quota_use
        UNION ALL SELECT guild_id, user_id, day, -pictures, -microcredits FROM raw
        UNION ALL SELECT guild_id, 0, day, -pictures, -microcredits FROM raw
    ) GROUP BY guild_id, user_id, day HAVING SUM(pictures) <> 0 OR SUM(microcredits) <> 0
"""
"""Quota usage minus what was ordered and did not end without a charge: the differences must be zero."""


def check(db: Database) -> Iterator[str]:
    """Every fault in the ledger, as a sentence that names its job, from one snapshot; the bot may be running.

    Reads whole tables, one row at a time, so it is only run on demand.
    """
    db.conn.execute("BEGIN")
    try:
        yield from _faulty_accounts(db)
        yield from _faulty_totals(db)
        yield from _faulty_use(db)
        yield from rollups.faults(db)
    finally:
        db.conn.execute("ROLLBACK")


def _faulty_accounts(db: Database) -> Iterator[str]:
    with closing(db.conn.execute(_ACCOUNTS)) as rows:
        for row in rows:
            for fault in _faults(*row[1:]):
                yield f"Job {row['id']} ({row['state']}): {fault}."
    with closing(db.conn.execute(_STRANGERS)) as rows:
        for row in rows:
            yield f"Job {row['id']}: the ledger has it under another member or server."


@lru_cache(maxsize=_REMEMBERED)
def _faults(state: str, cost: str, price_microcredits: int, ordered: int, *amounts: int | None) -> list[str]:
    """The faults of an account. Most jobs have equal accounts, so results are cached."""
    kinds = zip(LedgerKind, amounts, strict=True)
    account = Account(
        state=JobState(state),
        cost=Cost(cost),
        price_microcredits=price_microcredits,
        amounts={kind: amount for kind, amount in kinds if amount is not None},
        ordered=bool(ordered),
    )
    return faults(account)


def _faulty_totals(db: Database) -> Iterator[str]:
    with closing(db.conn.execute(_TOTALS)) as rows:
        for row in rows:
            where = f"{row['day']}, member {row['user_id']}, server {row['guild_id']}, {row['resolution']}"
            for column in _COLUMNS:
                if row[column]:
                    yield f"Daily totals of {where}: {column} is off by {row[column]:+d}."


def _faulty_use(db: Database) -> Iterator[str]:
    with closing(db.conn.execute(_USE)) as rows:
        for row in rows:
            who = f"member {row['user_id']}" if row["user_id"] else "all members"
            off = f"{row['pictures']:+d} pictures and {row['microcredits']:+d} micro-credits"
            yield f"Quota use of {row['day']}, {who}, server {row['guild_id']}: off by {off}."
