"""A disk that is nearly full: nothing new is ordered, what is paid for is kept, and it ends by itself."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.domain.disk import DiskRule, DiskState
from bot.domain.errors import BalanceError, StoreError
from bot.domain.job import DISK, JobState
from bot.queue.disk_monitor import DiskWatch
from bot.queue.gate import GateKeeper
from tests.support.build import BOB
from tests.support.clock import START
from tests.support.pipeline_harness import LEAST_FREE_BYTES, Works
from tests.support.refusals import refused

ROOMY = DiskState(free_bytes=2 * LEAST_FREE_BYTES)
SHORT = DiskState(free_bytes=LEAST_FREE_BYTES - 1)
FULL = DiskState(free_bytes=0)


async def set_disk(works: Works, disk: DiskState) -> None:
    """Let the disk become so, and the watch see it."""
    works.disk = disk
    await works.disk_watch.look()


async def test_nothing_is_ordered_while_the_disk_is_nearly_full(works: Works) -> None:
    """A waiting job keeps its place, unpaid; with room again it goes on by itself."""
    await works.start()
    await set_disk(works, SHORT)
    job = await works.imagine()
    await works.settle()
    assert works.provider.posts == []
    assert works.gate.state.why == DISK
    await set_disk(works, ROOMY)
    await works.becomes(job, JobState.FETCHED)


async def test_the_owner_is_told_once_each_way_and_every_waiting_card_is_shown_anew(works: Works) -> None:
    """However often the watch looks; the servers' log channels get a line as well."""
    job = await works.imagine()
    for _ in range(3):
        await set_disk(works, SHORT)
        await works.until(lambda: len(works.alerts.told) == 1)
    await works.shown(job)
    assert (await works.store.view(job.request_id)).gate.why == DISK
    for _ in range(3):
        await set_disk(works, ROOMY)
        await works.until(lambda: len(works.alerts.told) == 2)
    await works.shown(job, times=2)
    assert "nearly full" in works.alerts.told[0]
    assert "200 MB are left" in works.alerts.told[0]
    assert "room on the disk again" in works.alerts.told[1]
    assert len(works.alerts.lines) == 2
    assert not (await works.store.gate()).shut


async def test_the_owner_hears_of_a_disk_that_the_database_cannot_write_to_either(works: Works) -> None:
    """Telling does not wait for a row; the row follows as soon as it can be written."""
    works.store.trouble["note_room"] = 3
    await set_disk(works, DiskState(free_bytes=2 * LEAST_FREE_BYTES, trouble="Read-only file system"))
    await works.until(lambda: len(works.alerts.told) == 1)
    assert "Read-only file system" in works.alerts.told[0]

    async def recorded() -> bool:
        return (await works.store.gate()).full_told

    await works.until(recorded)


async def test_a_restart_does_not_tell_the_owner_again(works: Works) -> None:
    """It stands in the row that they know; what they do not know yet is told."""
    await works.store.note_room(START, told=True)
    await works.gate.start()
    await set_disk(works, SHORT)
    await works.settle()
    assert works.alerts.told == []
    await set_disk(works, ROOMY)
    await works.until(lambda: len(works.alerts.told) == 1)
    assert "room on the disk again" in works.alerts.told[0]


async def test_a_crash_before_the_owner_was_told_is_made_good(works: Works) -> None:
    """The row says that nobody knows: the next start tells."""
    await works.store.note_room(START, told=False)
    await works.gate.start()
    await set_disk(works, SHORT)
    await works.until(lambda: len(works.alerts.told) == 1)
    assert works.gate.state.full_since == START


async def test_new_orders_are_refused_from_memory(works: Works) -> None:
    """With a sentence of their own; the database is not asked."""
    works.disk_watch.check()
    await set_disk(works, SHORT)
    with refused("disk is full.*Nothing was ordered"):
        works.disk_watch.check()


async def test_a_closed_gate_is_not_probed_while_the_disk_is_full(works: Works) -> None:
    """A probe is an order, too: it is paid for if it is taken."""
    works.provider.submits.append(BalanceError("empty", http_status=402))
    await works.start()
    job = await works.imagine()
    await works.until(lambda: works.gate.state.closed)
    posts = len(works.provider.posts)
    await set_disk(works, SHORT)
    works.clock.shift(3_600)
    works.admission.wake()
    await works.settle()
    assert len(works.provider.posts) <= posts + 1  # one may have been on its way
    assert works.gate.probe_at is None
    await set_disk(works, ROOMY)
    await works.becomes(job, JobState.FETCHED)


async def test_a_job_called_up_just_before_goes_back_to_its_place(works: Works) -> None:
    """Between its turn and its POST the disk filled up: it is not sent, and not lost."""
    works.store.meanwhile["admit"] = lambda: works.gate.room("no room")
    await works.start()
    job = await works.imagine()
    await works.until(lambda: works.gate.state.full_since is not None)
    await works.settle()
    assert works.provider.posts == []
    works.gate.room("")
    await works.becomes(job, JobState.FETCHED)
    assert len(works.provider.posts) == 1


async def test_a_finished_picture_waits_at_the_provider_for_hours_and_is_kept(works: Works) -> None:
    """It is paid for: long after a task is given up otherwise, it is fetched once there is room, from the one POST."""
    await works.start()
    works.disk = FULL
    job = await works.imagine()
    await works.until(lambda: works.clock.monotonic() > 5 * 3_600)
    assert (await works.store.job(job.id)).state is JobState.RUNNING
    works.disk = ROOMY
    await works.becomes(job, JobState.FETCHED)
    assert len(works.provider.posts) == 1


async def test_pictures_under_way_are_kept_while_half_of_the_reserve_is_left(works: Works) -> None:
    """That is what the reserve is for; orders of others wait meanwhile."""
    works.provider.answering.clear()
    await works.start()
    job = await works.imagine()
    await works.posted(1)
    await set_disk(works, DiskState(free_bytes=LEAST_FREE_BYTES // 2))
    waiting = await works.imagine(user_id=BOB)
    works.provider.answering.set()
    await works.becomes(job, JobState.FETCHED)
    assert (await works.store.job(waiting.id)).state is JobState.QUEUED


async def test_those_who_look_at_once_are_each_told_what_was_seen(works: Works) -> None:
    """Who shares a look is told its outcome, though another one may begin before that."""

    async def looks() -> set[int | None]:
        return {(await works.disk_watch.look()).free_bytes for _ in range(50)}

    works.disk = ROOMY
    assert await asyncio.gather(*[looks() for _ in range(4)]) == [{ROOMY.free_bytes}] * 4


async def test_a_disk_that_hangs_holds_up_nobody_and_counts_as_full(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks gets an answer in time, and only one thread ever waits for such a disk."""
    monkeypatch.setattr("bot.queue.disk_monitor._ANSWERS_BY_S", 0.02)
    answers, looks = threading.Event(), []

    def look() -> DiskState:
        looks.append(1)
        answers.wait(10)
        return ROOMY

    gate: GateKeeper = works.gate
    watch = DiskWatch(look=look, rule=DiskRule(least_bytes=LEAST_FREE_BYTES), gate=gate, clock=works.clock)
    for _ in range(3):
        with pytest.raises(StoreError, match="does not answer"):
            await watch.room_for_a_picture()
    assert len(looks) == 1
    answers.set()
    await works.until(lambda: watch._looking is not None and watch._looking.done())
    await watch.room_for_a_picture()
    assert not gate.state.shut
