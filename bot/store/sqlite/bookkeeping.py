"""Looking the books over: each job's ledger by the rules, and every total against the rows that it sums up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from typing import Final

from sqlite_utils import Database

from bot.domain.bookkeeping import Account, faults
from bot.domain.credits import LedgerKind
from bot.domain.errors import Cost
from bot.domain.job import JobState
from bot.store.sqlite import rollups

_REMEMBERED: Final = 10_000
_AMOUNTS: Final = ", ".join(f"SUM(amount_microcredits) FILTER (WHERE kind = '{k}') AS '{k}'" for k in LedgerKind)
_ACCOUNTS: Final = f"""
    SELECT jobs.id, jobs.state, jobs.cost, jobs.price_microcredits,
        EXISTS (SELECT 1 FROM job_events WHERE job_id = jobs.id AND event = 'submitting') AS ordered, {_AMOUNTS}
    FROM jobs LEFT JOIN ledger ON ledger.job_id = jobs.id GROUP BY jobs.id
"""  # noqa: S608 - made of constants
_STRANGERS: Final = """
    SELECT jobs.id FROM ledger JOIN jobs ON jobs.id = ledger.job_id
    WHERE ledger.user_id <> jobs.user_id OR ledger.guild_id IS NOT jobs.guild_id
"""

_EVENTS: Final = {
    "requested": "event = 'accepted'",
    "delivered": "event IN ('delivered', 'ready')",
    "failed": "event LIKE 'failed:%'",
    "cancelled": "event = 'cancelled'",
    "uncertain": "event = 'uncertain'",
}
"""A picture that was kept, and handed over later, was delivered when it became ready."""
_MONEY: Final = {
    "spent_microcredits": "CASE kind WHEN 'charge' THEN 1 WHEN 'refund' THEN -1 ELSE 0 END",
    "possible_microcredits": "CASE WHEN kind IN ('uncertain', 'adjust') THEN 1 ELSE 0 END",
}
_RAW: Final = {
    **{
        column: f"SELECT job_id, MIN(at) AS at, 1 AS amount FROM job_events WHERE {events} GROUP BY job_id"  # noqa: S608
        for column, events in _EVENTS.items()
    },
    "balance_errors": "SELECT job_id, at, 1 AS amount FROM balance_errors",
    **{
        column: f"SELECT job_id, at, amount_microcredits * {sign} AS amount FROM ledger"  # noqa: S608
        for column, sign in _MONEY.items()
    },
}
"""Which rows each daily total sums up: a job, a time and an amount; all made of constants."""

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
"""What was used of quotas, less what was ordered and did not end without a charge: nothing may be left."""


def check(db: Database) -> Iterator[str]:
    """Every fault of the books, as a sentence that names its job, all from one moment; the bot may be at work.

    Reads whole tables, one row at a time: it is asked for by hand.
    """
    db.conn.execute("BEGIN")
    try:
        yield from _faulty_accounts(db)
        for column in _RAW:
            yield from _faulty_totals(db, column)
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
    """What is wrong with an account. Most jobs' are alike: looked over once, they are known."""
    kinds = zip(LedgerKind, amounts, strict=True)
    account = Account(
        state=JobState(state),
        cost=Cost(cost),
        price_microcredits=price_microcredits,
        amounts={kind: amount for kind, amount in kinds if amount is not None},
        ordered=bool(ordered),
    )
    return faults(account)


def _faulty_totals(db: Database, column: str) -> Iterator[str]:
    """The daily totals of one column that are not what their rows add up to: those taken away, nothing may be left."""
    difference = f"""
        SELECT day, guild_id, user_id, resolution, SUM(amount) AS excess FROM (
            SELECT day, guild_id, user_id, resolution, {column} AS amount FROM usage_daily
            UNION ALL
            SELECT date(raw.at / 1000, 'unixepoch'), COALESCE(jobs.guild_id, 0), jobs.user_id, jobs.resolution,
                -raw.amount
            FROM ({_RAW[column]}) AS raw JOIN jobs ON jobs.id = raw.job_id
        ) GROUP BY day, guild_id, user_id, resolution HAVING excess <> 0
    """  # noqa: S608 - made of constants
    with closing(db.conn.execute(difference)) as rows:
        for row in rows:
            where = f"{row['day']}, member {row['user_id']}, server {row['guild_id']}, {row['resolution']}"
            yield f"Daily totals of {where}: {column} is off by {row['excess']:+d}."


def _faulty_use(db: Database) -> Iterator[str]:
    with closing(db.conn.execute(_USE)) as rows:
        for row in rows:
            who = f"member {row['user_id']}" if row["user_id"] else "all members"
            off = f"{row['pictures']:+d} pictures and {row['microcredits']:+d} micro-credits"
            yield f"Quota use of {row['day']}, {who}, server {row['guild_id']}: off by {off}."
