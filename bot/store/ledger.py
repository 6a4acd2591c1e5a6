"""The append-only ledger, the table of balance errors, and the totals kept in the same transaction.

For each settled job: reserve = charge + release + uncertain + adjust (an adjust is negative: it reverses an uncertain
row when the provider's late answer turned it into a charge).
"""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

from bot.domain.credits import LedgerKind
from bot.domain.errors import ProviderError
from bot.domain.job import Job
from bot.store import quotas, rollups

_TOTAL: Final = {
    LedgerKind.CHARGE: ("spent_microcredits", 1),
    LedgerKind.REFUND: ("spent_microcredits", -1),
    LedgerKind.UNCERTAIN: ("possible_microcredits", 1),
    LedgerKind.ADJUST: ("possible_microcredits", 1),
}
"""The daily total that a ledger row changes, and the sign."""


def append(db: Database, job: Job, kind: LedgerKind, at_ms: int) -> None:
    """Append one ledger row with the job's price; a second row of the same kind for a job violates a constraint."""
    amount = -job.price_microcredits if kind is LedgerKind.ADJUST else job.price_microcredits
    db.conn.execute(
        "INSERT INTO ledger (job_id, kind, amount_microcredits, user_id, guild_id, at) VALUES (?, ?, ?, ?, ?, ?)",
        (job.id, kind.value, amount, job.user_id, job.guild_id, at_ms),
    )
    quotas.count(db, job, kind)
    if kind in _TOTAL:
        column, sign = _TOTAL[kind]
        rollups.count(db, job, column, at_ms, by=sign * amount)


def has(db: Database, job_id: int, kind: LedgerKind) -> bool:
    """Whether a job has a ledger row of this kind."""
    sql = "SELECT 1 FROM ledger WHERE job_id = ? AND kind = ?"
    return db.conn.execute(sql, (job_id, kind.value)).fetchone() is not None


def append_balance_error(db: Database, job: Job, error: ProviderError, at_ms: int) -> None:
    """Record one "insufficient balance" answer of the provider, verbatim."""
    db.conn.execute(
        "INSERT INTO balance_errors (at, job_id, user_id, guild_id, http_status, code, message, request_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            at_ms,
            job.id,
            job.user_id,
            job.guild_id,
            error.http_status or 0,
            error.provider_code or error.code,
            str(error),
            error.request_id,
        ),
    )
    rollups.count(db, job, "balance_errors", at_ms)
