"""A server's statistics: periods from totals only, lists through an index, exports in batches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from bot.domain.chart import DayCredits
from bot.domain.errors import StoreError
from bot.domain.period import Period
from bot.domain.wait_histogram import median
from bot.ports.statistics import (
    ExportLine,
    JobFilter,
    JobsFound,
    ListedJob,
    MemberTotals,
    Overview,
    Totals,
    Trouble,
    TroubleKind,
)
from bot.store import jobs, queries
from bot.store.rows import all_rows, from_ms, one_row, request_from, to_ms
from bot.store.sqlite.connection import connect
from bot.store.sqlite.writer import DatabaseThread

_BATCH: Final = 500
_LONG_DAYS: Final = 150


class SqliteStatistics:
    """Implements StatisticsStore on the store's reading thread; exports have their own connection."""

    def __init__(self, path: Path, *, reader: DatabaseThread) -> None:
        self._path = path
        self._reader = reader

    async def overview(self, guild_id: int, period: Period) -> Overview:
        """See StatisticsStore."""
        return await self._reader.run(lambda db: overview(db, guild_id, period))

    async def member(self, guild_id: int, user_id: int, period: Period) -> Totals:
        """See StatisticsStore."""
        return await self._reader.run(lambda db: member(db, guild_id, user_id, period))

    async def top(self, guild_id: int, period: Period, *, most: int) -> list[MemberTotals]:
        """See StatisticsStore."""
        return await self._reader.run(lambda db: top(db, guild_id, period, most=most))

    async def jobs(self, guild_id: int, wanted: JobFilter, *, after: int | None, most: int, look_at: int) -> JobsFound:
        """See StatisticsStore."""
        return await self._reader.run(
            lambda db: found_jobs(db, guild_id, wanted, after=after, most=most, look_at=look_at)
        )

    async def troubles(self, guild_id: int, period: Period, *, first: int, most: int) -> list[Trouble]:
        """See StatisticsStore."""
        return await self._reader.run(lambda db: troubles(db, guild_id, period, first=first, most=most))

    def export(self, guild_id: int, period: Period) -> Generator[Sequence[ExportLine], None, None]:
        """See StatisticsStore."""
        return exported(self._path, guild_id, period)


def exported(path: Path, guild_id: int, period: Period) -> Generator[Sequence[ExportLine], None, None]:
    """All jobs of a period, oldest first, in batches, on a separate connection.

    No transaction is open between batches, so that the WAL can be checkpointed.
    """
    asked = {"guild": guild_id, "at": to_ms(period.begins_at), "after": 0, "ends": to_ms(period.ends_at)}
    try:
        with closing(connect(path, read_only=True)) as db:
            while rows := all_rows(db, queries.EXPORT, {**asked, "most": _BATCH}):
                yield [row[:-1] for row in rows]
                asked |= {"at": rows[-1]["at"], "after": rows[-1]["number"]}
    except sqlite3.Error as error:
        raise StoreError(f"The database could not do it: {error}.") from error


def overview(db: Database, guild_id: int, period: Period) -> Overview:
    """A server's overview of a period, from totals only."""
    of_days = {"guild": guild_id, "first": period.first.isoformat(), "last": period.last.isoformat()}
    members = one_row(db, _members_query(period), {**of_days, **_of_spans(guild_id, period)})
    waits = all_rows(db, queries.WAITS, of_days)
    return Overview(
        totals=_totals(one_row(db, queries.TOTALS, of_days)),
        members=members["members"] if members else 0,
        failures={row["code"]: row["failures"] for row in all_rows(db, queries.FAILURES, of_days)},
        median_wait_s=median({row["wait_s"]: row["pictures"] for row in waits}),
        days=[
            DayCredits(
                day=date.fromisoformat(row["day"]),
                resolution=row["resolution"],
                spent_microcredits=row["spent_microcredits"],
            )
            for row in all_rows(db, queries.DAYS, of_days)
        ],
    )


def member(db: Database, guild_id: int, user_id: int, period: Period) -> Totals:
    """One member's totals."""
    return _totals(one_row(db, queries.MEMBER, {**_of_spans(guild_id, period), "user": user_id}))


def top(db: Database, guild_id: int, period: Period, *, most: int) -> list[MemberTotals]:
    """The members who spent most, then those who ordered most."""
    rows = all_rows(db, queries.TOP, {**_of_spans(guild_id, period), "most": most})
    return [MemberTotals(user_id=row["user_id"], totals=_totals(row)) for row in rows]


def found_jobs(
    db: Database, guild_id: int, wanted: JobFilter, *, after: int | None, most: int, look_at: int
) -> JobsFound:
    """The next jobs that match a filter, newest first, among the next `look_at` ones."""
    asked = {
        "guild": guild_id,
        "user": wanted.user_id,
        "begins": to_ms(wanted.period.begins_at) if wanted.period else 0,
        "ends": to_ms(wanted.period.ends_at) if wanted.period else 2**62,
        "before": 0,
        # Reading one more than needed shows whether there are more.
        "look_at": look_at + 1,
    }
    if after is not None:
        last = jobs.get(db, after)
        asked |= {"ends": to_ms(last.created_at), "before": last.id}
    found: list[int] = []
    looked_at, last_id, more = 0, None, False
    with closing(db.conn.execute(queries.JOBS if wanted.user_id is None else queries.JOBS_OF_MEMBER, asked)) as rows:
        for row in rows:
            if len(found) == most or looked_at == look_at:
                more = True
                break
            looked_at, last_id = looked_at + 1, row["id"]
            if _passes(row, wanted):
                found.append(row["id"])
    return JobsFound(
        entries=[_listed(db, job_id) for job_id in found],
        next_job_id=last_id if more else None,
        looked_at=looked_at,
    )


def troubles(db: Database, guild_id: int, period: Period, *, first: int, most: int) -> list[Trouble]:
    """Failures and balance errors, newest first."""
    asked = {
        "guild": guild_id,
        "begins": to_ms(period.begins_at),
        "ends": to_ms(period.ends_at),
        "skip": first,
        "most": most,
    }
    return [
        Trouble(
            at=from_ms(row["at"]),
            kind=TroubleKind(row["kind"]),
            job_id=row["job_id"],
            user_id=row["user_id"],
            http_status=row["http_status"],
            code=row["code"],
            request_id=row["request_id"],
            message=row["message"],
        )
        for row in all_rows(db, queries.TROUBLES, asked)
    ]


def _passes(row: sqlite3.Row, wanted: JobFilter) -> bool:
    # SQLite would fold the case of ASCII letters only.
    return (
        (wanted.state is None or row["state"] == wanted.state.value)
        and (wanted.channel_id is None or row["channel_id"] == wanted.channel_id)
        and (not wanted.words or wanted.words.casefold() in row["prompt"].casefold())
    )


def _listed(db: Database, job_id: int) -> ListedJob:
    job = jobs.get(db, job_id)
    [of] = all_rows(db, "SELECT * FROM requests WHERE id = :id", {"id": job.request_id})
    return ListedJob(job=job, request=request_from(of))


def _members_query(period: Period) -> str:
    """How to count members: by member if the period has too many days, by day if the server has too many members."""
    if period.until_now:
        return queries.MEMBERS_SINCE
    return queries.MEMBERS_OF_LONG if period.days > _LONG_DAYS else queries.MEMBERS


def _of_spans(guild_id: int, period: Period) -> dict[str, Any]:
    return {"guild": guild_id, "spans": json.dumps(sorted(period.spans(), key=len))}


def _totals(row: sqlite3.Row | None) -> Totals:
    """The sums in a row; sums over no rows are NULL."""
    known = row.keys() if row else ()
    return Totals(**{field.name: row[field.name] or 0 for field in fields(Totals) if row and field.name in known})
