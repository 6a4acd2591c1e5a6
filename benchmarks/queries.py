"""Queries on a large database: how long each takes, and whether SQLite uses an index."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlite_utils import Database

from benchmarks.seed_data import DAYS, GUILD, START_MS
from bot.domain.job import JobState
from bot.domain.period import Period, PeriodName, named
from bot.ports.statistics import JobFilter, Overview
from bot.store import statistics

OVERVIEW_MS: Final = 200.0
"""The longest time that an overview may take, in milliseconds."""
_TODAY: Final = datetime.fromtimestamp(START_MS / 1_000, UTC).date() + timedelta(days=DAYS - 1)
_MEMBER: Final = 1_000
_STEP: Final = 2_000
_TIMES: Final = 5
_ROWS_OF_A_TABLE: Final = re.compile(r"SCAN (?!json_each|wanted|\(|SUBQUERY|CONSTANT)(\w+)")
"""A plan step that scans a whole table or index; JSON parameters and subquery results are not tables."""


def _all() -> Period:
    return named(PeriodName.ALL, _TODAY)


def _past() -> Period:
    """A period with no whole year, many months, and days at both ends."""
    return Period(first=date(_TODAY.year - 1, 2, 11), last=_TODAY - timedelta(days=30))


def _season() -> Period:
    """A period with hardly a whole month."""
    return Period(first=date(_TODAY.year - 1, 3, 10), last=date(_TODAY.year - 1, 5, 20))


def overview_of_everything(db: Database) -> Overview:
    """An overview of the longest possible period."""
    return statistics.overview(db, GUILD, _all())


QUESTIONS: Final[Mapping[str, Callable[[Database], object]]] = {
    "overview, all of it": overview_of_everything,
    "overview, most of two years": lambda db: statistics.overview(db, GUILD, _past()),
    "overview, two months in the past": lambda db: statistics.overview(db, GUILD, _season()),
    "overview, 30 days": lambda db: statistics.overview(db, GUILD, named(PeriodName.LAST_30_DAYS, _TODAY)),
    "top, all of it": lambda db: statistics.top(db, GUILD, _all(), most=15),
    "top, most of two years": lambda db: statistics.top(db, GUILD, _past(), most=15),
    "member, all of it": lambda db: statistics.member(db, GUILD, _MEMBER, _all()),
    "jobs, newest": lambda db: _jobs(db, JobFilter()),
    "jobs, of a member": lambda db: _jobs(db, JobFilter(user_id=_MEMBER)),
    "jobs, a state that hardly any has": lambda db: _jobs(db, JobFilter(state=JobState.UNCERTAIN)),
    "jobs, one step of a search for words": lambda db: _jobs(db, JobFilter(words="no such bird")),
    "errors, first page": lambda db: statistics.troubles(db, GUILD, _all(), first=0, most=11),
    "errors, hundredth page": lambda db: statistics.troubles(db, GUILD, _all(), first=1_000, most=11),
}


def _jobs(db: Database, wanted: JobFilter) -> object:
    return statistics.found_jobs(db, GUILD, wanted, after=None, most=10, look_at=_STEP)


def milliseconds(db: Database, question: Callable[[Database], object]) -> tuple[float, float]:
    """The time of the first answer, and of the fastest repeated one, in milliseconds."""
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        question(db)
        took.append((time.perf_counter() - began) * 1_000)
    return took[0], min(took[1:])


def full_scans(db: Database, question: Callable[[Database], object]) -> Iterator[str]:
    """The steps of SQLite's query plans that scan a whole table."""
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    try:
        question(db)
    finally:
        db.conn.set_trace_callback(None)
    for sql in dict.fromkeys(asked):
        for row in db.conn.execute(f"EXPLAIN QUERY PLAN {sql}"):
            if _ROWS_OF_A_TABLE.match(row["detail"]):
                yield f"{row['detail']}: {' '.join(sql.split())[:100]}"
