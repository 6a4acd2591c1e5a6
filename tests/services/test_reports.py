"""The moderators' reports: searches in bounded steps, charts that may fail, exports that may be too large."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.chart import Chart
from bot.domain.errors import Refusal
from bot.domain.period import PeriodName, between, named
from bot.media.csv_export import CsvTables
from bot.ports.statistics import JobFilter
from bot.services import reports as console_module
from bot.services.export import Exporter
from bot.services.reports import PAGE, Reports
from bot.store.store import SqliteStore
from tests.support.build import ALICE, GUILD, new_request
from tests.support.clock import START, FakeClock
from tests.support.database import fresh_database
from tests.support.steps import Steps

TODAY = START.date()
ALWAYS = named(PeriodName.ALL, TODAY)


class FakeChartPainter:
    """A ChartPainter that records its input; it draws nothing if `broken`."""

    def __init__(self) -> None:
        self.asked: list[Chart] = []
        self.broken = False

    async def paint(self, chart: Chart) -> bytes | None:
        """See ChartPainter."""
        self.asked.append(chart)
        return None if self.broken else b"a picture"


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStore]:
    """An open, empty store."""
    async with SqliteStore(
        fresh_database(tmp_path / "bot.db"), clock, per_user_running=50, per_user_pending=50, max_running=50
    ) as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stops unless a test advances it."""
    return FakeClock()


@pytest.fixture
def easel() -> FakeChartPainter:
    """Paints the charts."""
    return FakeChartPainter()


@pytest.fixture
def reports(store: SqliteStore, easel: FakeChartPainter, clock: FakeClock) -> Reports:
    """The service."""
    return Reports(statistics=store.statistics, audit=store.audit, jobs=store, painter=easel, clock=clock)


@pytest.fixture
def exporter(store: SqliteStore, tmp_path: Path) -> Exporter:
    """The service that exports."""
    return Exporter(statistics=store.statistics, tables=CsvTables(tmp_path / "exports"), audit=store.audit)


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2026-03-15", "", "period_future"),
        ("9999-12-31", "", "period_future"),
        ("2026-03-02", "2026-03-01", "period_backwards"),
        ("", "2014-01-01", "period_backwards"),
        ("last week", "", "period_unreadable"),
        ("2026-02-30", "", "period_unreadable"),
        ("0000-01-01", "", "period_unreadable"),
    ],
)
def test_invalid_periods_are_refused(first: str, last: str, code: str) -> None:
    """In the future, reversed, before the first data, or not a date."""
    with pytest.raises(Refusal) as refusal:
        between(first, last, TODAY)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-03-01", "", (date(2026, 3, 1), TODAY)),
        (" 2026-03-01 ", "2026-03-01", (date(2026, 3, 1), date(2026, 3, 1))),
        ("", "2026-03-01", (date(2015, 1, 1), date(2026, 3, 1))),
        ("2026-03-14", "2199-01-01", (TODAY, TODAY)),
        ("0001-01-01", "", (date(2015, 1, 1), TODAY)),
    ],
)
def test_typed_days_override_a_named_period(
    first: str, last: str, expected: tuple[date, date], reports: Reports
) -> None:
    """A missing day is the first one, or today; days outside are cut off."""
    period = reports.period(PeriodName.TODAY, first, last)
    assert (period.first, period.last) == expected


async def test_overview_has_a_chart_only_if_something_was_spent(
    reports: Reports, easel: FakeChartPainter, store: SqliteStore
) -> None:
    """Nothing is drawn without data, and a chart that can't be drawn leaves the numbers."""
    steps = Steps(store)
    await steps.queued()
    assert (await reports.overview(GUILD, ALWAYS))[1] is None
    assert easel.asked == []
    await steps.running()
    assert (await reports.overview(GUILD, ALWAYS))[1] == b"a picture"
    assert easel.asked[0].series == {"1K": [1.0]}
    easel.broken = True
    found, chart = await reports.overview(GUILD, ALWAYS)
    assert (found.totals.spent_microcredits, chart) == (1_000_000, None)


async def test_search_continues_until_a_page_is_full_or_the_scan_limit_is_reached(
    reports: Reports, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many short database steps, one answer for the moderator, with the position to continue from."""
    monkeypatch.setattr(console_module, "_STEP", 3)
    monkeypatch.setattr(console_module, "_MOST_LOOKED_AT", 12)
    steps = Steps(store)
    for number in range(26):
        await steps.queued(prompt="needle" if number in {0, 1, 20} else "hay")
    first = await reports.jobs(GUILD, JobFilter(words="needle"))
    assert [entry.job.id for entry in first.entries] == [21]
    assert (first.looked_at, first.next_job_id) == (12, 15)
    second = await reports.jobs(GUILD, JobFilter(words="needle"), first.next_job_id)
    assert list(second.entries) == []
    third = await reports.jobs(GUILD, JobFilter(words="needle"), second.next_job_id)
    assert [entry.job.id for entry in third.entries] == [2, 1]
    assert third.next_job_id is None
    assert len((await reports.jobs(GUILD, JobFilter())).entries) == PAGE


async def test_list_continues_after_no_job_of_another_server(reports: Reports, store: SqliteStore) -> None:
    """A made-up number reveals nothing, not even whether it exists."""
    elsewhere = await Steps(store).queued(guild_id=55)
    for number in (elsewhere.id, 999):
        with pytest.raises(Refusal) as refusal:
            await reports.jobs(GUILD, JobFilter(), number)
        assert refusal.value.code == "unknown_number"


async def test_the_audit_is_read_page_by_page(reports: Reports, store: SqliteStore) -> None:
    """Newest first, none twice; the last page is marked as the last."""
    for number in range(PAGE + 1):
        await store.audit.note(
            NewAuditEntry(guild_id=GUILD, actor_id=ALICE, action=AuditAction.SETTING, detail=str(number))
        )
    first = await reports.audit(GUILD)
    assert [entry.detail for entry in first.entries] == [str(number) for number in range(PAGE, 0, -1)]
    second = await reports.audit(GUILD, first.next_id)
    assert ([entry.detail for entry in second.entries], second.next_id) == (["0"], None)


async def test_export_is_audited_and_leaves_no_file_behind(
    exporter: Exporter, store: SqliteStore, tmp_path: Path
) -> None:
    """Who exported, and which days."""
    await store.accept(new_request(count=3, prompt="+1, “x”\nnew line"))
    async with exporter.export(GUILD, ALWAYS, actor_id=ALICE, limit_bytes=10**6) as export:
        [file] = export.files
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))
        assert export.jobs == len(rows) == 3
        assert rows[0]["prompt"] == "'+1, “x”\nnew line"
    assert list((tmp_path / "exports").iterdir()) == []
    [entry] = await store.audit.entries(GUILD, limit=9)
    assert (entry.action, entry.actor_id) == (AuditAction.EXPORT, ALICE)
    assert "3 pictures" in entry.detail


async def test_export_of_nothing_or_too_much_is_refused(
    exporter: Exporter, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence each, and neither is audited as an export."""
    with pytest.raises(Refusal) as refusal:
        async with exporter.export(GUILD, ALWAYS, actor_id=ALICE, limit_bytes=10**6):
            pass
    assert refusal.value.code == "export_empty"
    monkeypatch.setattr("bot.services.export._SMALLEST_LIMIT_BYTES", 0)
    await store.accept(new_request())
    monkeypatch.setattr("bot.services.export.MOST_FILES", 0)
    with pytest.raises(Refusal) as refusal:
        async with exporter.export(GUILD, ALWAYS, actor_id=ALICE, limit_bytes=10):
            pass
    assert refusal.value.code == "export_too_large"
    assert await store.audit.entries(GUILD, limit=9) == []


async def test_exports_are_written_off_the_event_loop(store: SqliteStore, tmp_path: Path) -> None:
    """In their own thread: other work is not blocked."""
    seen: list[threading.Thread] = []

    class Watched(CsvTables):
        @contextmanager
        def written(self, *table: Any, **limits: Any) -> Iterator[list[Path]]:
            """The same function, recording its thread."""
            seen.append(threading.current_thread())
            with super().written(*table, **limits) as files:
                yield files

    await store.accept(new_request(count=4))
    exporter = Exporter(statistics=store.statistics, tables=Watched(tmp_path / "exports"), audit=store.audit)
    async with exporter.export(GUILD, ALWAYS, actor_id=ALICE, limit_bytes=10**6):
        assert seen[0] is not threading.current_thread()
