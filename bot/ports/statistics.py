"""Statistics for a server's moderators: totals of a period, and lists of jobs and failures."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from bot.domain.chart import Chart, DayCredits
from bot.domain.job import Job, JobState, Request
from bot.domain.period import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of jobs, and money in micro-credits. "Reported" covers the jobs for which the provider reported a cost.

    `reported_for_microcredits` is what the bot computed for those same jobs.
    """

    requested: int = 0
    delivered: int = 0
    failed: int = 0
    cancelled: int = 0
    uncertain: int = 0
    balance_errors: int = 0
    spent_microcredits: int = 0
    possible_microcredits: int = 0
    reported_microcredits: int = 0
    reported_for_microcredits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A server's totals for a period. `failures` is counted by error code; the wait is from command to picture."""

    totals: Totals
    members: int
    failures: Mapping[str, int]
    median_wait_s: int | None
    days: Sequence[DayCredits]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTotals:
    """One member's share of the overview."""

    user_id: int
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """A filter on a server's jobs; None or an empty value doesn't restrict. `words` are matched case-insensitively."""

    period: Period | None = None
    user_id: int | None = None
    channel_id: int | None = None
    state: JobState | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """A job with its request (without the request's references)."""

    job: Job
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsFound:
    """One page of the jobs that match a filter, newest first.

    `next_job_id` is where to continue: the last job examined; None if there are no more.
    """

    entries: Sequence[ListedJob]
    next_job_id: int | None
    looked_at: int


class TroubleKind(StrEnum):
    """The kind of failure."""

    FAILED = "failed"
    UNCERTAIN = "uncertain"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A failure of a job, an order of unknown outcome, or one "insufficient balance" answer.

    What the provider didn't report is None or "".
    """

    at: datetime
    kind: TroubleKind
    job_id: int | None
    user_id: int | None
    http_status: int | None
    code: str
    request_id: str
    message: str


EXPORT_COLUMNS: Final = (
    "number",
    "request",
    "asked_at_utc",
    "finished_at_utc",
    "wait_s",
    "member_id",
    "channel_id",
    "kind",
    "state",
    "resolution",
    "size",
    "style",
    "references",
    "google_search",
    "private",
    "price_credits",
    "charged_credits",
    "reported_cost",
    "error",
    "deleted_at_utc",
    "message",
    "prompt",
)
"""The columns of an export line. Exports read up to a million jobs, so no value objects are made."""

ExportLine = Sequence[str | int | float | None]


class StatisticsStore(Protocol):
    """Queries by server. Every method may raise StoreError."""

    async def overview(self, guild_id: int, period: Period) -> Overview:
        """A server's overview of a period, from totals only."""
        ...

    async def member(self, guild_id: int, user_id: int, period: Period) -> Totals:
        """One member's totals."""
        ...

    async def top(self, guild_id: int, period: Period, *, most: int) -> list[MemberTotals]:
        """The members who spent most, then those who ordered most."""
        ...

    async def jobs(self, guild_id: int, wanted: JobFilter, *, after: int | None, most: int, look_at: int) -> JobsFound:
        """The next matching jobs after job `after` (None: from the newest); examines at most `look_at` jobs."""
        ...

    async def troubles(self, guild_id: int, period: Period, *, first: int, most: int) -> list[Trouble]:
        """Failures and balance errors, newest first, starting at index `first`."""
        ...

    def export(self, guild_id: int, period: Period) -> Generator[Sequence[ExportLine], None, None]:
        """All jobs of a period as rows of EXPORT_COLUMNS, oldest first, in batches.

        Blocks: don't call it on the event loop.
        """
        ...


class ChartPainter(Protocol):
    """Draws charts."""

    async def paint(self, chart: Chart) -> bytes | None:
        """A chart as a PNG; None if it can't be drawn."""
        ...


class TableFiles(Protocol):
    """Writes temporary table files to disk."""

    def written(
        self, name: str, header: Sequence[str], rows: Iterable[ExportLine], *, limit_bytes: int, most_parts: int
    ) -> AbstractContextManager[list[Path]]:
        """The files of a table, each within the limit; empty if there would be too many. Blocks."""
        ...
