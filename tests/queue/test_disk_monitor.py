"""A nearly full disk: new orders are refused, paid results are kept, and orders resume automatically."""

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
    """Set the free disk space, and let the monitor read it."""
    pipeline_harness.disk = disk
    await pipeline_harness.disk_watch.look()


async def test_nothing_is_ordered_while_the_disk_is_nearly_full(pipeline_harness: PipelineHarness) -> None:
    """A waiting job keeps its position, unpaid; it resumes automatically once there is room."""
    await pipeline_harness.start()
    await set_disk(pipeline_harness, SHORT)
    job = await pipeline_harness.imagine()
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    assert pipeline_harness.gate.state.why == DISK
    await set_disk(pipeline_harness, ROOMY)
    await pipeline_harness.becomes(job, JobState.FETCHED)


async def test_owner_is_notified_once_each_way_and_waiting_cards_are_refreshed(
    pipeline_harness: PipelineHarness,
) -> None:
    """However often the monitor checks; the servers' log channels get a message as well."""
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


async def test_owner_is_notified_even_if_the_database_cannot_write(
    pipeline_harness: PipelineHarness,
) -> None:
    """The notification does not wait for a row; the row is written as soon as possible."""
    pipeline_harness.store.trouble["note_room"] = 3
    await set_disk(pipeline_harness, DiskState(free_bytes=2 * LEAST_FREE_BYTES, trouble="Read-only file system"))
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 1)
    assert "Read-only file system" in pipeline_harness.alerts.told[0]

    async def recorded() -> bool:
        return (await pipeline_harness.store.gate()).full_told

    await pipeline_harness.until(recorded)


async def test_restart_does_not_notify_the_owner_again(pipeline_harness: PipelineHarness) -> None:
    """A row records that they were notified; what is not recorded is sent."""
    await pipeline_harness.store.note_room(START, told=True)
    await pipeline_harness.gate.start()
    await set_disk(pipeline_harness, SHORT)
    await pipeline_harness.settle()
    assert pipeline_harness.alerts.told == []
    await set_disk(pipeline_harness, ROOMY)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 1)
    assert "room on the disk again" in pipeline_harness.alerts.told[0]


async def test_crash_before_the_notification_is_made_up_for(pipeline_harness: PipelineHarness) -> None:
    """The row says that no owner was notified: the next start does it."""
    await pipeline_harness.store.note_room(START, told=False)
    await pipeline_harness.gate.start()
    await set_disk(pipeline_harness, SHORT)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 1)
    assert pipeline_harness.gate.state.full_since == START


async def test_new_orders_are_refused_from_memory(pipeline_harness: PipelineHarness) -> None:
    """With their own text; no database query is made."""
    pipeline_harness.disk_watch.check()
    await set_disk(pipeline_harness, SHORT)
    with refused("disk is full.*Nothing was ordered"):
        pipeline_harness.disk_watch.check()


async def test_closed_gate_is_not_probed_while_the_disk_is_full(pipeline_harness: PipelineHarness) -> None:
    """A probe is an order, too: it is charged if it is accepted."""
    pipeline_harness.provider.submits.append(BalanceError("empty", http_status=402))
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.until(lambda: pipeline_harness.gate.state.closed)
    posts = len(pipeline_harness.provider.posts)
    await set_disk(pipeline_harness, SHORT)
    pipeline_harness.clock.shift(3_600)
    pipeline_harness.wakeup.wake()
    await pipeline_harness.settle()
    assert len(pipeline_harness.provider.posts) <= posts + 1  # one may have been in flight
    assert pipeline_harness.gate.probe_at is None
    await set_disk(pipeline_harness, ROOMY)
    await pipeline_harness.becomes(job, JobState.FETCHED)


async def test_job_called_up_just_before_returns_to_its_position(pipeline_harness: PipelineHarness) -> None:
    """Between its call-up and its POST the disk filled up: it is not sent, and not lost."""
    pipeline_harness.store.meanwhile["admit"] = lambda: pipeline_harness.gate.room("no room")
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.until(lambda: pipeline_harness.gate.state.full_since is not None)
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    pipeline_harness.gate.room("")
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 1


async def test_finished_picture_waits_at_the_provider_for_hours_and_is_kept(
    pipeline_harness: PipelineHarness,
) -> None:
    """It is paid for: long after the usual time-out, it is downloaded once there is room, with the one POST."""
    await pipeline_harness.start()
    pipeline_harness.disk = FULL
    job = await pipeline_harness.imagine()
    await pipeline_harness.until(lambda: pipeline_harness.clock.monotonic() > 5 * 3_600)
    assert (await pipeline_harness.store.job(job.id)).state is JobState.RUNNING
    pipeline_harness.disk = ROOMY
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 1


async def test_running_pictures_are_stored_while_half_of_the_reserve_is_left(pipeline_harness: PipelineHarness) -> None:
    """That is the purpose of the reserve; new orders wait meanwhile."""
    pipeline_harness.provider.answering.clear()
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.posted(1)
    await set_disk(pipeline_harness, DiskState(free_bytes=LEAST_FREE_BYTES // 2))
    waiting = await pipeline_harness.imagine(user_id=BOB)
    pipeline_harness.provider.answering.set()
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert (await pipeline_harness.store.job(waiting.id)).state is JobState.QUEUED


async def test_concurrent_checks_each_get_their_result(pipeline_harness: PipelineHarness) -> None:
    """A caller that shares a check gets its result, though another one may start before that."""

    async def looks() -> set[int | None]:
        return {(await pipeline_harness.disk_watch.look()).free_bytes for _ in range(50)}

    pipeline_harness.disk = ROOMY
    assert await asyncio.gather(*[looks() for _ in range(4)]) == [{ROOMY.free_bytes}] * 4


async def test_hanging_disk_blocks_no_caller_and_counts_as_full(
    pipeline_harness: PipelineHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every caller gets an answer in time, and only one thread ever waits for the disk."""
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
