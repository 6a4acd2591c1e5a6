"""The gate's row, the daily totals, and the durations of earlier pictures."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.errors import BalanceError, BotError, Cost
from bot.domain.job import Gate, JobState
from bot.domain.picture import Resolution
from bot.ports import Submission, TaskState, TaskStatus
from bot.store.store import SqliteStore
from tests.store.conftest import Opener, StoreHarness
from tests.support.build import ALICE, BOB, GUILD, PICTURE, new_request
from tests.support.clock import START, FakeClock
from tests.support.refusals import refused
from tests.support.steps import LOST, OWNER, Steps, Store

SECOND = timedelta(seconds=1)


async def test_gate_is_open_at_first(store: Store) -> None:
    """A new installation may submit."""
    assert await store.gate() == Gate(closed=False)
    assert await store.open_gate() is False


async def test_gate_stores_reason_start_and_next_probe(open_store: Opener, clock: FakeClock) -> None:
    """An empty balance survives a restart; postponing the probe keeps the closing time."""
    async with open_store() as store:
        assert await store.close_gate("balance", probe_at=START + 60 * SECOND, backoff_s=60) is True
        clock.shift(60)
        assert await store.close_gate("balance", probe_at=START + 180 * SECOND, backoff_s=120) is False
    async with open_store() as store:
        assert await store.gate() == Gate(
            closed=True, reason="balance", since=START, probe_at=START + 180 * SECOND, backoff_s=120
        )
        assert await store.open_gate() is True
        assert await store.open_gate() is False
        assert await store.gate() == Gate(closed=False)


async def test_closing_again_later_starts_a_new_closure(store: Store, clock: FakeClock) -> None:
    """A gate that was open in between has been closed since the second time."""
    await store.close_gate("balance", probe_at=START, backoff_s=60)
    await store.open_gate()
    clock.shift(500)
    assert await store.close_gate("invalid_key", probe_at=START, backoff_s=1.5) is True
    gate = await store.gate()
    assert (gate.since, gate.reason, gate.backoff_s) == (START + 500 * SECOND, "invalid_key", 1.5)


async def test_cards_are_rendered_with_the_gate(store: Store) -> None:
    """A waiting card says that the balance is empty because its view carries the gate."""
    request_id = await store.accept(new_request())
    await store.close_gate("balance", probe_at=START, backoff_s=60)
    assert (await store.view(request_id)).gate.reason == "balance"


async def test_pause_is_independent_of_the_gate(open_store: Opener, clock: FakeClock) -> None:
    """It survives a restart and an opening; paused twice it keeps its first time, and only `unpause` ends it."""
    async with open_store() as store:
        assert await store.pause() is True
        clock.shift(60)
        assert await store.pause() is False
        await store.close_gate("balance", probe_at=START, backoff_s=60)
        await store.open_gate()
    async with open_store() as store:
        gate = await store.gate()
        assert gate == Gate(closed=False, paused_at=START)
        assert (gate.shut, gate.why) == (True, "paused")
        assert await store.unpause() is True
        assert await store.unpause() is False
        assert not (await store.gate()).shut


async def test_notification_of_owners_is_stored_for_each_closing(store: Store) -> None:
    """Postponing a probe keeps it, opening resets it."""
    await store.close_gate("balance", probe_at=START, backoff_s=60)
    assert not (await store.gate()).told
    await store.note_told()
    await store.close_gate("balance", probe_at=START, backoff_s=120)
    assert (await store.gate()).told
    await store.open_gate()
    await store.note_told()
    assert not (await store.gate()).told


async def test_queue_is_limited_while_nothing_is_made(open_store: Opener) -> None:
    """Beyond the limit an order is refused as a whole; once the gate is open again the limit does not apply."""
    async with open_store(max_waiting_while_paused=3) as store:
        await store.close_gate("balance", probe_at=START, backoff_s=60)
        await store.accept(new_request(user_id=ALICE, count=2))
        with refused("2 pictures are waiting already; 3 is the limit"):
            await store.accept(new_request(user_id=BOB, count=2))
        await store.accept(new_request(user_id=BOB))
        assert await store.waiting() == 3
        await store.pause()
        await store.open_gate()
        with refused("3 is the limit"):
            await store.accept(new_request(user_id=BOB))
        await store.unpause()
        await store.accept(new_request(user_id=BOB))


async def test_recent_durations_are_the_latest_oldest_first(store: Store, steps: Steps, clock: FakeClock) -> None:
    """Forecasts are learned only from the latest pictures of the same resolution."""
    for seconds, resolution in ((10, "1K"), (99, "4K"), (20, "1K"), (30, "1K")):
        job = await steps.running(resolution=Resolution(resolution))
        clock.shift(seconds)
        await store.fetched(job.id, "x.png", PICTURE)
    assert await store.recent_durations(Resolution.ONE_K, 2) == [20.0, 30.0]
    assert await store.recent_durations(Resolution.ONE_K, 9) == [10.0, 20.0, 30.0]
    assert await store.recent_durations(Resolution.TWO_K, 9) == []


async def test_usage_is_grouped_by_day_server_member_and_resolution(
    store: Store, steps: Steps, clock: FakeClock
) -> None:
    """Direct messages count as server 0; days are UTC; a period starts at its first day."""
    await steps.delivered(user_id=ALICE)
    await steps.delivered(user_id=ALICE, resolution=Resolution.FOUR_K, price_microcredits=2_000_000)
    await steps.delivered(user_id=BOB, guild_id=None)
    clock.shift(86_400)
    await steps.delivered(user_id=ALICE)
    rows = await store.usage(None)
    told = [(row.day, row.guild_id, row.user_id, row.resolution, row.delivered, row.spent_microcredits) for row in rows]
    first, second = START.date(), START.date() + timedelta(days=1)
    assert told == [
        (first, 0, BOB, "1K", 1, 1_000_000),
        (first, GUILD, ALICE, "1K", 1, 1_000_000),
        (first, GUILD, ALICE, "4K", 1, 2_000_000),
        (second, GUILD, ALICE, "1K", 1, 1_000_000),
    ]
    assert [row.day for row in await store.usage(second)] == [second]
    assert await store.states() == {JobState.DELIVERED: 4}


ONWARD = ("submit", "charge", "fetch", "deliver")
STEPS = (*ONWARD * 3, "cancel", "uncertain", "fail", "return", "ready", "retry", "late")


async def random_step(store: SqliteStore, steps: Steps, rng: random.Random, job_id: int) -> None:
    """Try one step on a job; most are rejected by their guards, which is part of the walk."""
    match rng.choice(STEPS):
        case "cancel":
            await rng.choice([store.cancelled, store.withdrawn])(job_id)
        case "submit":
            await store.admit(OWNER, most=3)
            await store.begin_submit(job_id, OWNER)
        case "charge" | "late":
            told = rng.choice([None, 0.067, 1.5])
            await store.submitted(job_id, OWNER, Submission(task_id="t", reported_cost=told), None)
        case "uncertain":
            await store.uncertain(job_id, LOST)
        case "fail":
            # A job that was never sent cannot have been charged.
            sent = (await store.job(job_id)).state is not JobState.QUEUED
            await store.failed(job_id, BotError("x"), rng.choice(list(Cost)) if sent else Cost.NOTHING)
        case "return":
            if (await store.job(job_id)).state is JobState.SUBMITTING:
                await store.back_to_queue(job_id, OWNER, BalanceError("empty"), None)
        case "fetch":
            told = rng.choice([None, 0.067, 1.5])
            done = TaskStatus(state=TaskState.SUCCEEDED, reported_cost=told)
            await store.fetched(job_id, "x.png", PICTURE, done)
        case "ready":
            await store.ready(job_id, "nowhere")
        case "deliver":
            job = await store.job(job_id)
            await store.note_shown(job.request_id, await steps.shown_with(job))
        case "retry":
            await store.retry(job_id)


@pytest.mark.parametrize("seed", range(4))
async def test_totals_equal_the_raw_tables_after_a_random_walk(
    seed: int, store: SqliteStore, steps: Steps, books: StoreHarness, clock: FakeClock
) -> None:
    """After any sequence of steps, every total is the sum of its rows, and every job's ledger balances."""
    rng = random.Random(seed)
    for _ in range(12):
        await store.accept(new_request(user_id=rng.choice([ALICE, BOB]), price_microcredits=rng.randint(1, 9)))
    reset = NewAuditEntry(guild_id=GUILD, actor_id=BOB, action=AuditAction.QUOTA_RESET, member_id=ALICE)
    for number in range(250):
        clock.shift(rng.choice([0, 0, 7_000]))
        if number % 50 == 0:
            await store.quotas.reset(ALICE, reset)
        if number % 80 == 79:
            await store.privacy.begin_erasure(BOB)
            await store.privacy.erase_some(BOB, after=0, most=rng.randint(1, 9))
            await store.accept(new_request(user_id=BOB))
        await random_step(store, steps, rng, rng.choice(books.rows("jobs"))["id"])
    assert books.faults() == []
    assert "delivered" in {job["state"] for job in books.rows("jobs")}, "the walk came nowhere"
