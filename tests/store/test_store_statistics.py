"""A server's statistics, also for a database from before they were kept."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.domain.credits import MICRO
from bot.domain.errors import BalanceError, ContentRefusedError, Cost, TaskFailedError
from bot.domain.job import JobState
from bot.domain.period import Period, PeriodName, named
from bot.domain.picture import Resolution
from bot.ports import Submission
from bot.ports.statistics import EXPORT_COLUMNS, JobFilter, TroubleKind
from bot.store.migrations import m0012_statistics, m0016_members
from bot.store.sqlite.connection import connect
from bot.store.store import SqliteStore
from tests.store.conftest import StoreHarness
from tests.store.test_store_gate_and_usage import random_step
from tests.support.build import ALICE, BOB, CHANNEL, GUILD, PICTURE, new_request
from tests.support.clock import START, FakeClock
from tests.support.steps import OWNER, Steps

TODAY = START.date()
ALWAYS = named(PeriodName.ALL, TODAY + timedelta(days=900))
REFUSED = ContentRefusedError("not that", http_status=400, provider_code="content_filter", request_id="req-1")
KEYS = {"guild_id", "day", "span", "user_id", "resolution", "wait_s", "code"}
ROLLUPS = ("usage_servers", "usage_members", "usage_waits", "usage_failures", "usage_last_days")


async def test_overview_covers_one_server_and_period(store: SqliteStore, steps: Steps, clock: FakeClock) -> None:
    """Counts, credits, members, failures by reason, the median wait: of this server and these days only."""
    for wait_s in (10, 20, 90):
        job = await steps.running(resolution=Resolution.TWO_K, price_microcredits=4 * MICRO // 3)
        clock.shift(wait_s)
        await store.fetched(job.id, "x.png", PICTURE)
    await store.failed((await steps.running(user_id=BOB)).id, TaskFailedError("no"), Cost.NOTHING)
    await store.failed((await steps.submitting(user_id=BOB)).id, REFUSED, Cost.NOTHING)
    await store.back_to_queue((await steps.submitting(user_id=BOB)).id, OWNER, BalanceError("empty"), None)
    await steps.delivered(guild_id=55)
    clock.shift(86_400)
    await steps.running()
    told = await store.statistics.overview(GUILD, Period(first=TODAY, last=TODAY))
    assert (told.totals.requested, told.totals.failed, told.totals.balance_errors) == (6, 2, 1)
    assert told.totals.spent_microcredits == 4_000_000 - 1  # thirds are rounded
    assert told.members == 2
    assert told.failures == {"content_refused": 1, "task_failed": 1}
    assert told.median_wait_s == 20
    assert [(row.day, row.resolution, row.spent_microcredits) for row in told.days] == [(TODAY, "2K", 3_999_999)]
    later = await store.statistics.overview(GUILD, Period(first=TODAY, last=TODAY + timedelta(days=1)))
    assert [row.day for row in later.days] == [TODAY, TODAY + timedelta(days=1)]
    nothing = await store.statistics.overview(GUILD, Period(first=date(2020, 1, 1), last=date(2020, 2, 1)))
    assert (nothing.totals.requested, nothing.members, nothing.median_wait_s, nothing.days) == (0, 0, None, [])


async def test_reported_costs_are_summed_with_the_computed_ones_of_the_same_jobs(
    store: SqliteStore, steps: Steps
) -> None:
    """A job without a reported cost is in neither sum, so that the difference is meaningful."""
    for told in (1.5, None, 0.25):
        job = await steps.submitting()
        await store.submitted(job.id, OWNER, Submission(task_id="t", reported_cost=told), None)
    totals = (await store.statistics.overview(GUILD, ALWAYS)).totals
    assert totals.reported_microcredits == 1_750_000
    assert totals.reported_for_microcredits == 2 * MICRO
    assert totals.spent_microcredits == 3 * MICRO


async def test_members_are_ranked_over_days_months_and_years(
    store: SqliteStore, steps: Steps, clock: FakeClock
) -> None:
    """A period of any length adds up the same, whichever spans it consists of; each member is counted once."""
    for days, user_id, price in ((0, ALICE, 1), (20, BOB, 5), (40, ALICE, 1), (400, ALICE, 1)):
        clock.shift(days * 86_400)
        await steps.running(user_id=user_id, price_microcredits=price)
        clock.shift(-days * 86_400)
    top = await store.statistics.top(GUILD, ALWAYS, most=5)
    assert [(of.user_id, of.totals.requested, of.totals.spent_microcredits) for of in top] == [
        (BOB, 1, 5),
        (ALICE, 3, 3),
    ]
    assert (await store.statistics.overview(GUILD, ALWAYS)).members == 2
    partly = Period(first=TODAY + timedelta(days=1), last=TODAY + timedelta(days=399))
    assert (await store.statistics.member(GUILD, ALICE, partly)).requested == 1
    assert (await store.statistics.member(GUILD, ALICE, ALWAYS)).requested == 3
    assert await store.statistics.top(55, ALWAYS, most=5) == []
    for first, last, members in ((0, 20, 2), (1, 39, 1), (21, 399, 1), (41, 399, 0), (1, 200, 2), (0, 600, 2)):
        part = Period(first=TODAY + timedelta(days=first), last=TODAY + timedelta(days=last))
        assert (await store.statistics.overview(GUILD, part)).members == members


async def test_jobs_are_listed_newest_first_and_filtered(store: SqliteStore, steps: Steps, clock: FakeClock) -> None:
    """Member, channel, state, words in any case, days; pages follow each other without gap or duplicate."""
    made = []
    for number in range(7):
        clock.shift(1)
        made.append(await steps.queued(user_id=(ALICE, BOB)[number % 2], prompt=f"Straße {number}"))
    await steps.queued(guild_id=55)
    await store.cancelled(made[3].id)
    seen: list[int] = []
    after = None
    while True:
        page = await store.statistics.jobs(GUILD, JobFilter(), after=after, most=3, look_at=100)
        seen += [entry.job.id for entry in page.entries]
        if (after := page.next_job_id) is None:
            break
    assert seen == [job.id for job in reversed(made)]

    async def found(**wanted: object) -> list[int]:
        page = await store.statistics.jobs(GUILD, JobFilter(**wanted), after=None, most=9, look_at=100)  # type: ignore[arg-type]
        return [entry.job.id for entry in page.entries]

    assert await found(user_id=BOB) == [made[5].id, made[3].id, made[1].id]
    assert await found(state=JobState.CANCELLED) == [made[3].id]
    assert await found(words="STRASSE 4") == [made[4].id]
    assert len(await found(channel_id=CHANNEL)) == 7
    assert await found(channel_id=CHANNEL + 1) == []
    assert await found(period=Period(first=TODAY + timedelta(days=1), last=TODAY + timedelta(days=9))) == []


async def test_search_scans_a_limited_number_of_jobs_and_continues_there(store: SqliteStore, steps: Steps) -> None:
    """However rare the match, one step stays short; the next starts behind it."""
    made = [await steps.queued(prompt="needle" if number == 0 else "hay") for number in range(5)]
    wanted = JobFilter(words="needle")
    first = await store.statistics.jobs(GUILD, wanted, after=None, most=9, look_at=4)
    assert (list(first.entries), first.looked_at, first.next_job_id) == ([], 4, made[1].id)
    second = await store.statistics.jobs(GUILD, wanted, after=first.next_job_id, most=9, look_at=4)
    assert [entry.job.id for entry in second.entries] == [made[0].id]
    assert second.next_job_id is None


async def test_errors_of_all_kinds_are_newest_first(store: SqliteStore, steps: Steps, clock: FakeClock) -> None:
    """With the provider's status, code, request id and message; other servers' are not included."""
    await store.failed((await steps.submitting()).id, REFUSED, Cost.NOTHING)
    clock.shift(1)
    empty = BalanceError("balance 0", http_status=402, provider_code="insufficient", request_id="req-2")
    await store.back_to_queue((await steps.submitting()).id, OWNER, empty, None)
    clock.shift(1)
    await steps.uncertain(user_id=BOB)
    await store.failed((await steps.submitting(guild_id=55)).id, REFUSED, Cost.NOTHING)
    told = await store.statistics.troubles(GUILD, ALWAYS, first=0, most=9)
    assert [(t.kind, t.user_id, t.http_status, t.code, t.request_id, t.message) for t in told] == [
        (TroubleKind.UNCERTAIN, BOB, None, "outcome_unknown", "", "the connection broke off"),
        (TroubleKind.BALANCE, ALICE, 402, "insufficient", "req-2", "balance 0"),
        (TroubleKind.FAILED, ALICE, 400, "content_refused / content_filter", "req-1", "not that"),
    ]
    [last] = await store.statistics.troubles(GUILD, ALWAYS, first=2, most=9)
    assert last.kind is TroubleKind.FAILED


async def test_an_export_has_every_job_once_oldest_first_with_what_it_cost(
    store: SqliteStore, steps: Steps, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if many have the same time, over several batches; a refund cancels the charge."""
    monkeypatch.setattr("bot.store.statistics._BATCH", 3)
    request = await store.accept(new_request(count=4))
    await store.failed((await steps.running()).id, TaskFailedError("no"), Cost.NOTHING)
    clock.shift(1)
    await steps.running()
    lines = [
        dict(zip(EXPORT_COLUMNS, line, strict=True))
        for batch in store.statistics.export(GUILD, ALWAYS)
        for line in batch
    ]
    assert [line["number"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert {line["request"] for line in lines[:4]} == {request}
    assert [line["charged_credits"] for line in lines] == [None, None, None, None, 0, 1]
    assert lines[5]["asked_at_utc"] == "2026-03-14 15:09:27"
    assert (lines[5]["member_id"], lines[5]["channel_id"], lines[5]["state"]) == (ALICE, CHANNEL, "running")


@pytest.mark.parametrize("seed", range(2))
async def test_totals_of_an_older_database_are_computed_from_its_rows(
    seed: int, store: SqliteStore, steps: Steps, books: StoreHarness, clock: FakeClock, tmp_path: Path
) -> None:
    """After any walk, dropping the tables and migrating again gives the same totals."""
    rng = random.Random(seed)
    for _ in range(10):
        await store.accept(new_request(user_id=rng.choice([ALICE, BOB]), guild_id=rng.choice([GUILD, None])))
    for _ in range(150):
        clock.shift(rng.choice([0, 50, 700, 50_000]))
        await random_step(store, steps, rng, rng.choice(books.rows("jobs"))["id"])
    before = {table: books.rows(table) for table in ROLLUPS}
    kept = [(row["job_id"], row["at"], row["uncertain"]) for row in books.rows("failures")]
    await store.close()
    with closing(connect(tmp_path / "bot.db")) as db:
        for table in (*ROLLUPS, "failures"):
            db.conn.execute(f"DROP TABLE {table}")
        for index in ("balance_errors_guild", "jobs_guild", "jobs_guild_member"):
            db.conn.execute(f"DROP INDEX {index}")
        for statement in (*m0012_statistics.STATEMENTS, *m0016_members.STATEMENTS):
            db.conn.execute(statement)
    for table in ROLLUPS:
        # A total of zero may have been counted up and down again.
        rows = [row for row in before[table] if row.keys() <= KEYS or any(row[name] for name in row.keys() - KEYS)]
        assert books.rows(table) == rows
    assert [(row["job_id"], row["at"], row["uncertain"]) for row in books.rows("failures")] == kept
