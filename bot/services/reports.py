"""What the people who look after a server see of it: totals, a chart, lists of jobs and troubles, the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.clock import Clock
from bot.domain.audit import AuditEntry
from bot.domain.chart import credits_chart
from bot.domain.errors import Refusal
from bot.domain.period import Period, PeriodName, between, named
from bot.domain.picture import Resolution
from bot.ports import JobStore
from bot.ports.audit import AuditStore
from bot.ports.statistics import (
    ChartPainter,
    JobFilter,
    JobsFound,
    ListedJob,
    MemberTotals,
    Overview,
    StatisticsStore,
    Totals,
    Trouble,
)

PAGE: Final = 10
_MOST_MEMBERS: Final = 15
_LATEST: Final = 5
_STEP: Final = 2_000
"""So many jobs are looked at in one go: the reader has other callers, too."""
_MOST_LOOKED_AT: Final = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OneMember:
    """A member's part of a period, with their latest pictures of it."""

    user_id: int
    totals: Totals
    latest: Sequence[ListedJob]


@dataclass(frozen=True, slots=True, kw_only=True)
class TroublePage:
    """Some troubles, newest first; `more` says whether older ones follow."""

    troubles: Sequence[Trouble]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some entries, newest first; `next_id` is the one to go on behind, None at the end."""

    entries: Sequence[AuditEntry]
    next_id: int | None


class Reports:
    """The service behind `/usage`. Whoever calls it has made sure that the asker may see the server's numbers."""

    def __init__(
        self, *, statistics: StatisticsStore, audit: AuditStore, jobs: JobStore, painter: ChartPainter, clock: Clock
    ) -> None:
        self._statistics = statistics
        self._audit = audit
        self._jobs = jobs
        self._painter = painter
        self._clock = clock

    def period(self, name: PeriodName, first: str = "", last: str = "") -> Period:
        """The period that was chosen, or typed as days; raises Refusal for days that make no period."""
        today = self._clock.now().date()
        return between(first, last, today) if first.strip() or last.strip() else named(name, today)

    async def overview(self, guild_id: int, period: Period) -> tuple[Overview, bytes | None]:
        """A server's numbers and their chart; no chart where nothing was spent or none could be drawn."""
        found = await self._statistics.overview(guild_id, period)
        if not found.days:
            return found, None
        order = [resolution.value for resolution in Resolution]
        return found, await self._painter.paint(credits_chart(found.days, period, order))

    async def member(self, guild_id: int, user_id: int, period: Period) -> OneMember:
        """One member's numbers, whether they are still here or not."""
        wanted = JobFilter(period=period, user_id=user_id)
        latest = await self._statistics.jobs(guild_id, wanted, after=None, most=_LATEST, look_at=_LATEST)
        totals = await self._statistics.member(guild_id, user_id, period)
        return OneMember(user_id=user_id, totals=totals, latest=latest.entries)

    async def top(self, guild_id: int, period: Period) -> list[MemberTotals]:
        """The members who spent most."""
        return await self._statistics.top(guild_id, period, most=_MOST_MEMBERS)

    async def jobs(self, guild_id: int, wanted: JobFilter, after: int | None = None) -> JobsFound:
        """A page of jobs behind job no. `after`, or the newest. A long search stops for breath; it can be gone on with.

        Raises Refusal where `after` is no job of this server.
        """
        if after is not None:
            known = await self._jobs.find(after)
            if known is None or known.guild_id != guild_id:
                raise Refusal("unknown_number", number=after)
        found = JobsFound(entries=[], next_job_id=after, looked_at=0)
        while len(found.entries) < PAGE and found.looked_at < _MOST_LOOKED_AT:
            most = PAGE - len(found.entries)
            step = await self._statistics.jobs(guild_id, wanted, after=found.next_job_id, most=most, look_at=_STEP)
            found = replace(step, entries=[*found.entries, *step.entries], looked_at=found.looked_at + step.looked_at)
            if found.next_job_id is None:
                break
        return found

    async def troubles(self, guild_id: int, period: Period, page: int = 0) -> TroublePage:
        """A page (from 0) of failures and balance errors."""
        found = await self._statistics.troubles(guild_id, period, first=page * PAGE, most=PAGE + 1)
        return TroublePage(troubles=found[:PAGE], more=len(found) > PAGE)

    async def audit(self, guild_id: int, before_id: int | None = None) -> AuditPage:
        """A page of what was done by those who look after the server."""
        found = await self._audit.entries(guild_id, before_id=before_id, limit=PAGE + 1)
        return AuditPage(entries=found[:PAGE], next_id=found[PAGE - 1].id if len(found) > PAGE else None)
