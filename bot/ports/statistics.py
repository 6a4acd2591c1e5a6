"""What the people who look after a server ask: totals of a period, and lists of jobs and failures."""

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
    """Counts of jobs, and money in micro-credits. "Reported" is what the provider says about the jobs it says it of.

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
    """A server's period. `failures` are counted by error code; the wait is from command to picture."""

    totals: Totals
    members: int
    failures: Mapping[str, int]
    median_wait_s: int | None
    days: Sequence[DayCredits]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTotals:
    """One member's part of it."""

    user_id: int
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which of a server's jobs; what is None or empty does not narrow it. `words` are looked for in any case."""

    period: Period | None = None
    user_id: int | None = None
    channel_id: int | None = None
    state: JobState | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """A job and the request that it was made for (its references are left out)."""

    job: Job
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsFound:
    """Some of the jobs that pass a filter, newest first.

    `next_job_id` is where to go on: the last job that was looked at; None where there is nothing more.
    """

    entries: Sequence[ListedJob]
    next_job_id: int | None
    looked_at: int


class TroubleKind(StrEnum):
    """What sort of trouble it was."""

    FAILED = "failed"
    UNCERTAIN = "uncertain"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A failure of a job, an order whose outcome is not known, or one "insufficient balance" answer.

    What the provider did not tell is None or "".
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
"""What a line of an export has of a job: a million of them are read, and no value is made of each."""

ExportLine = Sequence[str | int | float | None]


class StatisticsStore(Protocol):
    """Reading by server. Every method may raise StoreError."""

    async def overview(self, guild_id: int, period: Period) -> Overview:
        """Everything about a period, from totals alone."""
        ...

    async def member(self, guild_id: int, user_id: int, period: Period) -> Totals:
        """One member's totals."""
        ...

    async def top(self, guild_id: int, period: Period, *, most: int) -> list[MemberTotals]:
        """The members who spent most, then asked most."""
        ...

    async def jobs(self, guild_id: int, wanted: JobFilter, *, after: int | None, most: int, look_at: int) -> JobsFound:
        """The next jobs behind job no. `after` (or the newest); looks at no more than `look_at` jobs for them."""
        ...

    async def troubles(self, guild_id: int, period: Period, *, first: int, most: int) -> list[Trouble]:
        """Failures and balance errors, newest first, from the `first` one on."""
        ...

    def export(self, guild_id: int, period: Period) -> Generator[Sequence[ExportLine], None, None]:
        """All jobs of a period as lines of EXPORT_COLUMNS, oldest first, in batches. Blocks: not for the event loop."""
        ...


class ChartPainter(Protocol):
    """Draws charts."""

    async def paint(self, chart: Chart) -> bytes | None:
        """A chart as a PNG; None where it cannot be drawn."""
        ...


class TableFiles(Protocol):
    """Writes tables to disk for as long as they are needed."""

    def written(
        self, name: str, header: Sequence[str], rows: Iterable[ExportLine], *, limit_bytes: int, most_parts: int
    ) -> AbstractContextManager[list[Path]]:
        """The files of a table, each within the limit; none where they would be too many. Blocks."""
        ...
