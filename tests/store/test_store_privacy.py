"""Deletion of members' data: on request, and by retention; what stays, and in which steps it is deleted."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.draft import Draft
from bot.domain.errors import Cost, TaskFailedError
from bot.domain.job import JobState, NewReference, Wiped
from bot.domain.picture import PictureSpec
from bot.domain.preset import Preset, PresetOwner
from bot.ports import Submission
from bot.store import privacy
from bot.store.sqlite.connection import connect
from bot.store.store import SqliteStore
from tests.store.conftest import StoreHarness
from tests.support.build import ALICE, BOB, GUILD, PICTURE, new_request
from tests.support.clock import FakeClock
from tests.support.steps import OWNER, Steps, known

SECRET = "my neighbour Ferdinand as a frog"
OTHER_GUILD = 99


async def erase(store: SqliteStore, user_id: int = ALICE) -> list[int]:
    """Delete all data of a member at once; returns the requests whose message is deleted."""
    changed = await store.privacy.begin_erasure(user_id)
    await store.privacy.erase_some(user_id, after=0, most=999)
    return list(changed)


async def with_references(
    store: SqliteStore, *, file_name: str | None = None, url: str = "https://cdn.test/me.png"
) -> int:
    """A request of Alice that has a reference on our disk."""
    named = (NewReference(url=url, name="Ferdinand.png", file_name=file_name),)
    request_id = await store.accept(replace(new_request(prompt=SECRET), references=named))
    view = await store.view(request_id)
    found = [replace(r, file_name=file_name or f"{request_id}-0.png") for r in view.request.references]
    await store.references_arrived(request_id, found)
    return request_id


async def test_no_text_of_the_member_is_left_and_the_ledger_balances(
    store: SqliteStore, steps: Steps, books: StoreHarness, tmp_path: Path
) -> None:
    """Prompt, style, references, drafts, the provider's messages: not even in the file; the ledger keeps its rows."""
    styled = replace(new_request(), spec=PictureSpec(prompt=SECRET, style=SECRET, style_text=SECRET))
    await store.cancelled((await store.view(await store.accept(styled))).jobs[0].id)
    failed = await steps.running(prompt=SECRET)
    await store.failed(failed.id, TaskFailedError(f"refused: {SECRET}"), Cost.NOTHING)
    await steps.delivered(prompt=SECRET)
    await with_references(store)
    draft = Draft(
        user_id=ALICE, kind="imagine", spec=PictureSpec(prompt=SECRET), prompts=(SECRET, SECRET), private=False,
        count=1, price_microcredits=1, references=(NewReference(url="", name="Ferdinand.png"),),
    )  # fmt: skip
    await store.drafts.add(draft, new_request().origin)
    await store.presets.save(PresetOwner(owner_id=ALICE, server=False), Preset(name="frog", text=SECRET), ALICE)
    await store.presets.save(PresetOwner(owner_id=GUILD, server=True), Preset(name="ours", text="oil"), ALICE)
    before = books.ledger()
    await erase(store)
    assert books.ledger()[: len(before)] == before
    assert await store.privacy.erasing() == []
    assert [row["saved_by"] for row in books.rows("presets")] == [0]
    # A token outlives its request's prompt only while a message has to be deleted with it.
    assert [row["id"] for row in books.rows("requests") if row["token"] and not row["deleted_at"]] == []
    assert books.faults() == []
    await store.close()  # which checkpoints the WAL into the file
    assert b"Ferdinand" not in (tmp_path / "bot.db").read_bytes()


async def test_unfinished_jobs_are_cancelled_or_discarded(
    store: SqliteStore, steps: Steps, books: StoreHarness, clock: FakeClock
) -> None:
    """Waiting ones are free, uncertain ones dropped, running ones paid for and never posted; messages are deleted."""
    running, undecided = await steps.running(), await steps.uncertain()
    fetched, waiting = await steps.fetched(), await steps.queued()
    done = await steps.delivered()
    theirs = await steps.queued(user_id=BOB)
    changed = await erase(store)
    assert changed == sorted(job.request_id for job in (running, undecided, fetched, waiting))
    states = [(await store.job(job.id)).state for job in (running, undecided, fetched, waiting, done, theirs)]
    assert states == [
        JobState.RUNNING,
        JobState.CANCELLED,
        JobState.READY,
        JobState.CANCELLED,
        JobState.DELIVERED,
        JobState.QUEUED,
    ]
    assert books.ledger(waiting.id)[-1][0] == "release"
    clock.shift(3_600)
    due = await store.privacy.leftovers(clock.now(), most=9)
    assert running.request_id not in [leftover.request_id for leftover in due]
    assert known(await store.fetched(running.id, f"{running.id}.png", PICTURE)).state is JobState.READY
    due = await store.privacy.leftovers(clock.now(), most=9)
    assert running.request_id in [leftover.request_id for leftover in due]
    assert await store.lists.uncollected(ALICE) == []
    assert (await store.lists.gallery(ALICE, words="", first=0, most=9)).total == 0
    assert books.faults() == []


async def test_answer_that_arrives_after_the_deletion_leaves_nothing_behind(
    store: SqliteStore, steps: Steps, clock: FakeClock, books: StoreHarness
) -> None:
    """A dropped order may have been carried out after all: its picture is one more file to delete."""
    job = await steps.uncertain()
    await erase(store)
    await store.privacy.cleared([job.request_id])
    known(await store.submitted(job.id, OWNER, Submission(task_id="late"), None))
    known(await store.fetched(job.id, f"{job.id}.png", PICTURE))
    known(await store.ready(job.id, "its message was deleted before it came"))
    clock.shift(3_600)
    [leftover] = await store.privacy.leftovers(clock.now(), most=9)
    assert (leftover.request_id, leftover.job_ids) == (job.request_id, (job.id,))
    await store.privacy.cleared([job.request_id])
    assert await store.privacy.leftovers(clock.now(), most=9) == []
    assert (await store.job(job.id)).picture_file is None
    assert books.faults() == []


async def test_deletion_runs_in_steps_and_covers_what_was_ordered_before_it(store: SqliteStore, steps: Steps) -> None:
    """Interrupted, it stays recorded; later orders are kept; it is idempotent."""
    old = [await steps.delivered(prompt=SECRET) for _ in range(3)]
    await store.privacy.begin_erasure(ALICE)
    new = await steps.delivered(prompt="ordered after the wish")
    assert await store.privacy.erase_some(ALICE, after=0, most=2) == [old[0].request_id, old[1].request_id]
    assert await store.privacy.erasing() == [ALICE]
    assert await store.privacy.erase_some(ALICE, after=0, most=2) == [old[2].request_id]
    assert await store.privacy.erasing() == []
    assert (await store.view(new.request_id)).request.wiped is Wiped.NO
    assert (await store.privacy.tally(ALICE)).requests == 1
    await erase(store)
    assert (await store.view(new.request_id)).request.wiped is Wiped.AT_WISH
    assert (await store.privacy.tally(ALICE)).empty


async def test_files_stay_while_another_members_order_needs_them(
    store: SqliteStore, steps: Steps, clock: FakeClock
) -> None:
    """Bob's order uses Alice's picture and her reference: hers are deleted once his is sent."""
    request_id = await with_references(store)
    await store.cancelled((await store.view(request_id)).jobs[0].id)
    picture = await steps.delivered()
    shared = (
        NewReference(url="https://cdn.test/me.png", name="x", file_name=f"{request_id}-0.png"),
        NewReference(url="", name="x", file_name=f"{picture.id}.png"),
    )
    waiting = await store.accept(replace(new_request(user_id=BOB), references=shared))
    await erase(store)
    clock.shift(3_600)
    assert await store.privacy.leftovers(clock.now(), most=9) == []
    await store.cancelled((await store.view(waiting)).jobs[0].id)
    due = await store.privacy.leftovers(clock.now(), most=9)
    assert [leftover.request_id for leftover in due] == [request_id, picture.request_id]


async def test_old_requests_are_deleted_unless_they_are_unfinished(
    store: SqliteStore, steps: Steps, clock: FakeClock, books: StoreHarness
) -> None:
    """Of one server or of all; waiting, kept and undecided ones stay unchanged."""
    done, elsewhere = await steps.delivered(prompt=SECRET), await steps.delivered(guild_id=OTHER_GUILD)
    kept = await steps.fetched()
    await store.ready(kept.id, "no way to post it")
    await steps.uncertain()
    await steps.queued()
    clock.shift(timedelta(days=30).total_seconds())
    young = await steps.delivered()
    before = clock.now() - timedelta(days=10)
    assert await store.privacy.wipe_older(before, guild_id=GUILD, most=9) == 1
    assert (await store.view(done.request_id)).request.spec.prompt == ""
    assert (await store.view(done.request_id)).request.wiped is Wiped.IN_TIME
    assert await store.privacy.wipe_older(before, most=9) == 1
    wiped = [row["id"] for row in books.rows("requests") if row["wiped"]]
    assert wiped == [done.request_id, elsewhere.request_id]
    assert young.request_id not in wiped
    assert await store.privacy.wipe_older(before, most=9) == 0
    assert books.faults() == []


@pytest.mark.parametrize("guild_id", [None, GUILD])
@pytest.mark.usefixtures("store")
def test_sweep_finds_due_requests_by_an_index(tmp_path: Path, guild_id: int | None) -> None:
    """However many prompts are stored, or were deleted long ago."""
    statements: list[str] = []
    with closing(connect(tmp_path / "bot.db")) as db:
        db.conn.set_trace_callback(statements.append)
        privacy.wipe_older(db, 0, guild_id, 9)
        db.conn.set_trace_callback(None)
        [asked] = [sql for sql in statements if sql.startswith("SELECT")]
        plan = json.dumps([row["detail"] for row in db.conn.execute(f"EXPLAIN QUERY PLAN {asked}")])
    assert "USING INDEX requests_kept" in plan
    assert "SCAN" not in plan
