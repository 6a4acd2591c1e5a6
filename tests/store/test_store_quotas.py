"""Quotas cannot be exceeded, and the usage counted against them follows the ledger."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.credits import MICRO
from bot.domain.draft import Draft
from bot.domain.errors import BotError, Cost, Refusal, TaskFailedError
from bot.domain.job import Job
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.quota import EVERYONE, Limit, Limits, Quota
from bot.domain.rules import Block
from bot.store.migrations import migrations
from bot.store.sqlite.connection import connect
from bot.store.store import SqliteStore
from tests.store.conftest import StoreHarness
from tests.support.build import ALICE, BOB, CAROL, GUILD, new_request
from tests.support.clock import START, FakeClock
from tests.support.refusals import refused
from tests.support.steps import OWNER, Steps, known

BOSS, OTHER_GUILD, PAINTERS = 99, 55, 71


def entry(action: AuditAction = AuditAction.QUOTA, *, guild_id: int = GUILD) -> NewAuditEntry:
    """An audit entry of the manager."""
    return NewAuditEntry(guild_id=guild_id, actor_id=BOSS, action=action)


async def limit(store: SqliteStore, role_id: int = EVERYONE, **limits: int | None) -> None:
    """Set limits by their names."""
    given: Limits = {Limit(name): most for name, most in limits.items()}
    await store.quotas.set(role_id, given, entry())


async def left(store: SqliteStore, what: str, user_id: int = ALICE) -> int | None:
    """The remaining quota of a member without roles."""
    return (await store.quotas.standing(GUILD, user_id, ())).left(Limit(what))


async def test_fifty_concurrent_commands_get_ten_pictures_of_a_quota_of_ten(
    store: SqliteStore, books: StoreHarness
) -> None:
    """The tenth picture is the last; no refusal leaves a row."""
    await limit(store, pictures_day=10)
    orders = [store.accept(new_request(user_id=ALICE)) for _ in range(50)]
    answers = await asyncio.gather(*orders, return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(refusals) == 40
    assert {refusal.code for refusal in refusals} == {"quota_pictures_day"}
    assert len(books.rows("jobs")) == len(books.rows("requests")) == len(books.ledger()) == 10
    assert await left(store, "pictures_day") == 0
    assert books.faults() == []


async def test_members_together_cannot_exceed_the_cap_of_their_server(store: SqliteStore, books: StoreHarness) -> None:
    """The last credits go to one of two concurrent commands; another server has its own cap."""
    await limit(store, server_credits_month=5 * MICRO)
    orders = [store.accept(new_request(user_id=who, count=2)) for who in (ALICE, BOB, CAROL)]
    answers = await asyncio.gather(*orders, return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["int", "int", "Refusal"]
    assert isinstance(answers[2], Refusal)
    assert answers[2].values["left"] == MICRO
    await store.accept(new_request(user_id=CAROL))
    await store.accept(new_request(user_id=CAROL, guild_id=OTHER_GUILD, count=4))
    await store.accept(new_request(user_id=CAROL, guild_id=None, count=4))
    assert await left(store, "server_credits_month") == 0
    assert books.faults() == []


async def test_order_is_checked_with_the_roles_of_its_interaction(store: SqliteStore) -> None:
    """A role's quota applies to its members, from the next command on, and to no one after its removal."""
    await limit(store, pictures_day=0)
    await limit(store, PAINTERS, pictures_day=1)
    plain = new_request()
    with refused("includes no pictures"):
        await store.accept(plain)
    painter = new_request(role_ids=(PAINTERS,))
    await store.accept(painter)
    assert await store.quotas.remove(PAINTERS, entry())
    assert not await store.quotas.remove(PAINTERS, entry())
    with refused("includes no pictures"):
        await store.accept(new_request(role_ids=(PAINTERS,)))


async def test_free_outcomes_are_given_back_and_possible_charges_are_not(
    store: SqliteStore, steps: Steps, books: StoreHarness
) -> None:
    """Cancelled, refused and refunded pictures count for nothing; uncertain and lost ones count."""
    await limit(store, pictures_month=9, credits_month=9 * MICRO)
    await store.cancelled((await steps.queued()).id)
    await store.failed((await steps.submitting()).id, BotError("refused"), Cost.NOTHING)
    await store.failed((await steps.running()).id, TaskFailedError("refunded"), Cost.NOTHING)
    assert (await left(store, "pictures_month"), await left(store, "credits_month")) == (9, 9 * MICRO)
    await steps.delivered()
    await store.cancelled((await steps.uncertain()).id)
    await store.failed((await steps.running()).id, BotError("lost"), Cost.CHARGED)
    assert (await left(store, "pictures_month"), await left(store, "credits_month")) == (6, 6 * MICRO)
    assert books.faults() == []


async def test_days_and_months_reset_and_a_refund_goes_to_the_day_of_its_order(
    store: SqliteStore, steps: Steps, clock: FakeClock, books: StoreHarness
) -> None:
    """The month continues over midnight; yesterday's failure gives nothing back today."""
    await limit(store, pictures_day=3, pictures_month=4)
    late = await steps.running(count=2)
    clock.shift(86_400)
    await steps.queued()
    await store.failed(late.id, TaskFailedError("after midnight"), Cost.NOTHING)
    assert (await left(store, "pictures_day"), await left(store, "pictures_month")) == (2, 2)
    clock.shift(30 * 86_400)
    assert (await left(store, "pictures_day"), await left(store, "pictures_month")) == (3, 4)
    assert books.faults() == []


async def test_reset_applies_to_the_member_and_not_to_the_servers_cap(
    store: SqliteStore, steps: Steps, books: StoreHarness
) -> None:
    """What fails after the reset is not given back a second time; the reset is audited."""
    await limit(store, pictures_day=2, server_credits_month=9 * MICRO)
    before = await steps.running(count=2)
    await store.quotas.reset(ALICE, entry(AuditAction.QUOTA_RESET))
    assert await left(store, "pictures_day") == 2
    await store.failed(before.id, TaskFailedError("no"), Cost.NOTHING)
    assert await left(store, "pictures_day") == 2
    await steps.queued(count=2)
    assert (await left(store, "pictures_day"), await left(store, "server_credits_month")) == (0, 6 * MICRO)
    told = await store.audit.entries(GUILD, limit=9)
    assert [(e.action, e.actor_id) for e in told] == [(AuditAction.QUOTA_RESET, BOSS), (AuditAction.QUOTA, BOSS)]
    assert books.faults() == []


async def test_limits_are_set_one_by_one(store: SqliteStore) -> None:
    """Setting one keeps the others; removing everyone's leaves the server's cap; "no limit" is stored as such."""
    await limit(store, pictures_day=5, server_credits_month=MICRO)
    await limit(store, pictures_day=6, count=2)
    await limit(store, PAINTERS, count=None)
    assert await store.quotas.quotas(GUILD) == [
        Quota(role_id=EVERYONE, limits={Limit.COUNT: 2, Limit.PICTURES_DAY: 6, Limit.SERVER_CREDITS_MONTH: MICRO}),
        Quota(role_id=PAINTERS, limits={Limit.COUNT: None}),
    ]
    await store.quotas.remove(EVERYONE, entry())
    assert [quota.limits for quota in await store.quotas.quotas(GUILD)] == [
        {Limit.SERVER_CREDITS_MONTH: MICRO},
        {Limit.COUNT: None},
    ]
    assert await store.quotas.quotas(OTHER_GUILD) == []


async def test_accepted_orders_keep_the_limits_they_were_accepted_with(store: SqliteStore, steps: Steps) -> None:
    """Later limits stop no waiting job."""
    waiting = await steps.queued(resolution=Resolution.FOUR_K)
    await limit(store, pictures_day=0, resolution=0)
    await store.admit(OWNER, most=9)
    known(await store.begin_submit(waiting.id, OWNER))


async def test_command_of_several_prompts_is_checked_as_a_whole(store: SqliteStore, books: StoreHarness) -> None:
    """Three orders with room for two get no confirmation; if the room is gone since, none of them is made."""
    await limit(store, pictures_day=5)
    draft = Draft(
        user_id=ALICE, kind="imagine", spec=PictureSpec(prompt="a {red, blue, green} bird"), prompts=("a", "b", "c"),
        private=False, count=2, price_microcredits=MICRO, references=(), parent_job_id=None,
    )  # fmt: skip
    with refused("5 left, 6 asked for"):
        await store.drafts.add(draft, new_request().origin)
    draft_id = await store.drafts.add(draft, new_request(guild_id=None).origin)
    with refused("5 left, 6 asked for"):
        await store.drafts.accept(draft_id, [new_request(count=2) for _ in range(3)])
    assert books.rows("jobs") == []
    assert await store.drafts.find(draft_id) == draft


async def test_retry_is_an_order_like_any_other(store: SqliteStore, steps: Steps, books: StoreHarness) -> None:
    """An uncertain picture counts, and so does each retry: a quota of three is three orders sent."""
    await limit(store, pictures_day=3)
    job = await steps.uncertain()
    for _ in range(2):
        again = known(await store.retry(job.id))
        job = known(await store.uncertain(known(await _begin(store, again.id)).id, BotError("lost too")))
    with refused("0 left, 1 asked for"):
        await store.retry(job.id)
    assert (await store.job(job.id)).retried_by is None
    assert len(books.rows("jobs")) == 3
    assert await left(store, "pictures_day") == 0
    await limit(store, pictures_day=None, server_credits_month=3 * MICRO)
    with refused("0 credits left"):
        await store.retry(job.id)
    await limit(store, server_credits_month=None, resolution=0)
    with refused("highest resolution"):
        await store.retry(job.id)
    assert books.faults() == []


async def test_cancelled_retry_is_given_back(store: SqliteStore, steps: Steps, books: StoreHarness) -> None:
    """It cost nothing; the job it replaced may have been charged, and still counts."""
    await limit(store, pictures_day=2)
    again = known(await store.retry((await steps.uncertain()).id))
    assert await left(store, "pictures_day") == 0
    known(await store.cancelled(again.id))
    assert await left(store, "pictures_day") == 1
    assert books.faults() == []


async def test_retry_is_checked_with_the_members_roles(store: SqliteStore, steps: Steps) -> None:
    """Those of the press's interaction; from outside the server, those of the order."""
    await limit(store, PAINTERS, pictures_day=1)
    job = await steps.uncertain(role_ids=(PAINTERS,))
    for role_ids in (None, (PAINTERS,)):
        with refused("0 left, 1 asked for"):
            await store.retry(job.id, role_ids=role_ids)
    assert await store.retry(job.id, role_ids=()) is not None


async def test_retry_waits_in_the_queue_like_any_other(store: SqliteStore, steps: Steps) -> None:
    """Refused if the queue is full, and for a blocked member."""
    job = await steps.uncertain()
    [await store.accept(new_request(count=10)) for _ in range(5)]
    with refused("waiting"):
        await store.retry(job.id)
    other = await steps.uncertain(user_id=BOB)
    block = Block(guild_id=GUILD, member_id=BOB, by_id=BOSS, since=START, until=None)
    await store.blocks.block(block, entry(AuditAction.BLOCK))
    with refused("blocked you"):
        await store.retry(other.id)


async def _begin(store: SqliteStore, job_id: int) -> Job | None:
    await store.admit(OWNER, most=9)
    return await store.begin_submit(job_id, OWNER)


async def test_usage_before_quotas_existed_counts(
    store: SqliteStore, steps: Steps, tmp_path: Path, books: StoreHarness
) -> None:
    """A migrated old database has the same usage as one that recorded it all along."""
    await steps.delivered()
    await steps.queued(user_id=BOB, count=3)
    await store.cancelled((await steps.queued(guild_id=OTHER_GUILD)).id)
    await steps.queued(guild_id=None)
    kept = books.rows("quota_use")
    await store.close()
    with closing(connect(tmp_path / "bot.db")) as db:
        db.conn.execute("DROP TABLE quotas")
        db.conn.execute("DROP TABLE quota_use")
        db.conn.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '%quotas'")
        migrations.apply(db)
    assert books.rows("quota_use") == kept
    assert books.faults() == []
