"""A disk that is nearly full: nothing new is ordered, what is paid for is kept, and it ends by itself."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.domain.disk import DiskRule, DiskState
from bot.domain.errors import BalanceError, StoreError
from bot.domain.job import DISK, JobState
from bot.queue.disk_monitor import DiskMonitor
from bot.queue.gate import SubmissionGate
from tests.support.build import BOB
from tests.support.clock import START
from tests.support.pipeline_harness import LEAST_FREE_BYTES, PipelineHarness
from tests.support.refusals import refused

ROOMY = DiskState(free_bytes=2 * LEAST_FREE_BYTES)
SHORT = DiskState(free_bytes=LEAST_FREE_BYTES - 1)
FULL = DiskState(free_bytes=0)


async def set_disk(pipeline_harness: PipelineHarness, disk: DiskState) -> None:
    """Let the disk become so, and the watch see it."""
    pipeline_harness.disk = disk
    await pipeline_harness.disk_watch.look()


async def test_nothing_is_ordered_while_the_disk_is_nearly_full(pipeline_harness: PipelineHarness) -> None:
    """A waiting job keeps its place, unpaid; with room again it goes on by itself."""
    await pipeline_harness.start()
    await set_disk(pipeline_harness, SHORT)
    job = await pipeline_harness.imagine()
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    assert pipeline_harness.gate.state.why == DISK
    await set_disk(pipeline_harness, ROOMY)
    await pipeline_harness.becomes(job, JobState.FETCHED)


async def test_the_owner_is_told_once_each_way_and_every_waiting_card_is_shown_anew(
    pipeline_harness: PipelineHarness,
) -> None:
    """However often the watch looks; the servers' log channels get a line as well."""
    job = await pipeline_harness.imagine()
    for _ in range(3):
        await set_disk(pipeline_harness, SHORT)
        await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 1)
    await pipeline_harness.shown(job)
    assert (await pipeline_harness.store.view(job.request_id)).gate.why == DISK
    for _ in range(3):
        await set_disk(pipeline_harness, ROOMY)
        await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 2)
    await pipeline_harness.shown(job, times=2)
    assert "nearly full" in pipeline_harness.alerts.told[0]
    assert "200 MB are left" in pipeline_harness.alerts.told[0]
    assert "room on the disk again" in pipeline_harness.alerts.told[1]
    assert len(pipeline_harness.alerts.lines) == 2
    assert not (await pipeline_harness.store.gate()).shut


async def test_the_owner_hears_of_a_disk_that_the_database_cannot_write_to_either(
    pipeline_harness: PipelineHarness,
) -> None:
    """Telling does not wait for a row; the row follows as soon as it can be written."""
    pipeline_harness.store.trouble["note_room"] = 3
    await set_disk(pipeline_harness, DiskState(free_bytes=2 * LEAST_FREE_BYTES, trouble="Read-only file system"))
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 1)
    assert "Read-only file system" in pipeline_harness.alerts.told[0]

    async def recorded() -> bool:
        return (await pipeline_harness.store.gate()).full_told

    await pipeline_harness.until(recorded)


async def test_a_restart_does_not_tell_the_owner_again(pipeline_harness: PipelineHarness) -> None:
    """It stands in the row that they know; what they do not know yet is told."""
    await pipeline_harness.store.note_room(START, told=True)
    await pipeline_harness.gate.start()
    await set_disk(pipeline_harness, SHORT)
    await pipeline_harness.settle()
    assert pipeline_harness.alerts.told == []
    await set_disk(pipeline_harness, ROOMY)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 1)
    assert "room on the disk again" in pipeline_harness.alerts.told[0]


async def test_a_crash_before_the_owner_was_told_is_made_good(pipeline_harness: PipelineHarness) -> None:
    """The row says that nobody knows: the next start tells."""
    await pipeline_harness.store.note_room(START, told=False)
    await pipeline_harness.gate.start()
    await set_disk(pipeline_harness, SHORT)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 1)
    assert pipeline_harness.gate.state.full_since == START


async def test_new_orders_are_refused_from_memory(pipeline_harness: PipelineHarness) -> None:
    """With a sentence of their own; the database is not asked."""
    pipeline_harness.disk_watch.check()
    await set_disk(pipeline_harness, SHORT)
    with refused("disk is full.*Nothing was ordered"):
        pipeline_harness.disk_watch.check()


async def test_a_closed_gate_is_not_probed_while_the_disk_is_full(pipeline_harness: PipelineHarness) -> None:
    """A probe is an order, too: it is paid for if it is taken."""
    pipeline_harness.provider.submits.append(BalanceError("empty", http_status=402))
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.until(lambda: pipeline_harness.gate.state.closed)
    posts = len(pipeline_harness.provider.posts)
    await set_disk(pipeline_harness, SHORT)
    pipeline_harness.clock.shift(3_600)
    pipeline_harness.wakeup.wake()
    await pipeline_harness.settle()
    assert len(pipeline_harness.provider.posts) <= posts + 1  # one may have been on its way
    assert pipeline_harness.gate.probe_at is None
    await set_disk(pipeline_harness, ROOMY)
    await pipeline_harness.becomes(job, JobState.FETCHED)


async def test_a_job_called_up_just_before_goes_back_to_its_place(pipeline_harness: PipelineHarness) -> None:
    """Between its turn and its POST the disk filled up: it is not sent, and not lost."""
    pipeline_harness.store.meanwhile["admit"] = lambda: pipeline_harness.gate.room("no room")
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.until(lambda: pipeline_harness.gate.state.full_since is not None)
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    pipeline_harness.gate.room("")
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 1


async def test_a_finished_picture_waits_at_the_provider_for_hours_and_is_kept(
    pipeline_harness: PipelineHarness,
) -> None:
    """It is paid for: long after a task is given up otherwise, it is fetched once there is room, from the one POST."""
    await pipeline_harness.start()
    pipeline_harness.disk = FULL
    job = await pipeline_harness.imagine()
    await pipeline_harness.until(lambda: pipeline_harness.clock.monotonic() > 5 * 3_600)
    assert (await pipeline_harness.store.job(job.id)).state is JobState.RUNNING
    pipeline_harness.disk = ROOMY
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 1


async def test_pictures_under_way_are_kept_while_half_of_the_reserve_is_left(pipeline_harness: PipelineHarness) -> None:
    """That is what the reserve is for; orders of others wait meanwhile."""
    pipeline_harness.provider.answering.clear()
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.posted(1)
    await set_disk(pipeline_harness, DiskState(free_bytes=LEAST_FREE_BYTES // 2))
    waiting = await pipeline_harness.imagine(user_id=BOB)
    pipeline_harness.provider.answering.set()
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert (await pipeline_harness.store.job(waiting.id)).state is JobState.QUEUED


async def test_those_who_look_at_once_are_each_told_what_was_seen(pipeline_harness: PipelineHarness) -> None:
    """Who shares a look is told its outcome, though another one may begin before that."""

    async def looks() -> set[int | None]:
        return {(await pipeline_harness.disk_watch.look()).free_bytes for _ in range(50)}

    pipeline_harness.disk = ROOMY
    assert await asyncio.gather(*[looks() for _ in range(4)]) == [{ROOMY.free_bytes}] * 4


async def test_a_disk_that_hangs_holds_up_nobody_and_counts_as_full(
    pipeline_harness: PipelineHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks gets an answer in time, and only one thread ever waits for such a disk."""
    monkeypatch.setattr("bot.queue.disk_monitor._ANSWERS_BY_S", 0.02)
    answers, looks = threading.Event(), []

    def look() -> DiskState:
        looks.append(1)
        answers.wait(10)
        return ROOMY

    gate: SubmissionGate = pipeline_harness.gate
    watch = DiskMonitor(look=look, rule=DiskRule(least_bytes=LEAST_FREE_BYTES), gate=gate, clock=pipeline_harness.clock)
    for _ in range(3):
        with pytest.raises(StoreError, match="does not answer"):
            await watch.room_for_a_picture()
    assert len(looks) == 1
    answers.set()
    await pipeline_harness.until(lambda: watch._looking is not None and watch._looking.done())
    await watch.room_for_a_picture()
    assert not gate.state.shut
