"""Totals for monitoring the credits; read from the daily rollup, never from the jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlite_utils import Database

from bot.domain.job import JobState
from bot.ports import UsageRow
from bot.store.rows import all_rows


def totals(db: Database, since: date | None) -> Sequence[UsageRow]:
    """The daily totals from a day on, oldest first."""
    rows = all_rows(
        db,
        "SELECT * FROM usage_daily WHERE day >= :since ORDER BY day, guild_id, user_id, resolution",
        {"since": since.isoformat() if since else ""},
    )
    return [UsageRow(**{**dict(row), "day": date.fromisoformat(row["day"])}) for row in rows]


def reported(db: Database, since: date | None) -> tuple[int, int]:
    """The cost that the provider reports from a day on, and the computed cost of those same jobs."""
    [sums] = all_rows(
        db,
        "SELECT COALESCE(SUM(reported_microcredits), 0) AS reported, "
        "COALESCE(SUM(reported_for_microcredits), 0) AS computed FROM usage_servers WHERE day >= :since",
        {"since": since.isoformat() if since else ""},
    )
    return sums["reported"], sums["computed"]


def states(db: Database) -> Mapping[JobState, int]:
    """How many jobs there are in each state that has any."""
    return {
        JobState(row["state"]): row["n"] for row in all_rows(db, "SELECT state, COUNT(*) AS n FROM jobs GROUP BY state")
    }
