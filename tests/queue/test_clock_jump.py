"""Wall-clock jumps back or forward: no job waits an hour, is given up, or is ordered twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import BalanceError, RateLimitedError, UnavailableError
from bot.domain.job import JobState
from bot.media.spool import Spool
from bot.ops.clock_jump import ClockJumpGuard
from bot.ports import TaskStatus
from bot.store.store import SqliteStore
from tests.services.test_housekeeping import a_sweeper
from tests.support.clock import START, FakeClock
from tests.support.database import fresh_database
from tests.support.pipeline_harness import PipelineHarness
from tests.support.provider import RUNNING
from tests.support.steps import Steps

HOUR = 3_600.0
JUMPS = pytest.mark.parametrize("jump_s", [-HOUR, HOUR, 48 * HOUR], ids=["back", "forward", "two days forward"])


@JUMPS
async def test_delayed_job_is_retried_within_a_minute(pipeline_harness: PipelineHarness, jump_s: float) -> None:
    """Its row has a time by the old clock."""
    pipeline_harness.provider.submits.append(UnavailableError("503", http_status=503))
    pipeline_harness.store.meanwhile["back_to_queue"] = lambda: pipeline_harness.clock.set_anew(jump_s)
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    first, second = pipeline_harness.provider.posted_at
    assert second - first <= 62


@JUMPS
async def test_slow_down_lasts_as_long_as_the_provider_asked(pipeline_harness: PipelineHarness, jump_s: float) -> None:
    """No shorter, which would be rejected again, and no longer."""
    pipeline_harness.provider.submits.append(RateLimitedError("429", http_status=429, retry_after_s=17))
    pipeline_harness.store.meanwhile["back_to_queue"] = lambda: pipeline_harness.clock.set_anew(jump_s)
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    first, second = pipeline_harness.provider.posted_at
    assert 17 <= second - first <= 23, "its own wait, and then the slowest rate"


@JUMPS
async def test_closed_gate_is_probed_in_time(pipeline_harness: PipelineHarness, jump_s: float) -> None:
    """The row has the time of the probe; a restart would read it, too."""
    pipeline_harness.provider.submits.append(BalanceError("empty", http_status=402))
    pipeline_harness.store.meanwhile["close_gate"] = lambda: pipeline_harness.clock.set_anew(jump_s)
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    first, second = pipeline_harness.provider.posted_at
    assert second - first <= 120


@JUMPS
async def test_task_is_still_polled_and_not_given_up(
    pipeline_harness: PipelineHarness, jump_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its age is measured by a monotonic clock: it is neither polled an hour late nor taken for too old."""
    pipeline_harness.provider.polls += [RUNNING] * 5
    polled = pipeline_harness.provider.poll

    async def poll(task_id: str) -> TaskStatus:
        pipeline_harness.clock.set_anew(jump_s if len(pipeline_harness.provider.polled) == 1 else 0)
        return await polled(task_id)

    monkeypatch.setattr(pipeline_harness.provider, "poll", poll)
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 1
    assert pipeline_harness.provider.polled_at[-1] < 60
    assert job.submitted_at is not None


async def test_task_found_after_a_start_in_the_past_is_polled_at_once(pipeline_harness: PipelineHarness) -> None:
    """The machine started with an older clock than it had at shutdown."""
    running = await pipeline_harness.steps.running()
    pipeline_harness.clock.set_anew(-HOUR)
    await pipeline_harness.start()
    await pipeline_harness.becomes(running, JobState.FETCHED)
    assert pipeline_harness.provider.polled_at[0] < 30


async def test_an_hour_back_gives_no_negative_forecast(pipeline_harness: PipelineHarness) -> None:
    """A duration measured across a clock change is not learned."""
    pipeline_harness.provider.polls += [RUNNING] * 2
    pipeline_harness.store.meanwhile["submitted"] = lambda: pipeline_harness.clock.set_anew(-HOUR)
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    later = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert later.submitted_at is not None
    assert later.eta_at is not None
    assert later.eta_at > later.submitted_at


async def test_nothing_is_deleted_by_its_age_within_an_hour_of_a_jump(tmp_path: Path) -> None:
    """Ten days forward by mistake: corrected within the hour, no picture is deleted before its seven days."""
    clock = FakeClock()
    async with SqliteStore(fresh_database(tmp_path / "bot.db"), clock) as store:
        spool = Spool(tmp_path / "spool")
        delivered = await Steps(store).delivered()
        picture = tmp_path / "spool" / f"{delivered.id}.png"
        picture.write_bytes(b"picture")
        sweeper = a_sweeper(store, spool, tmp_path, clock)
        clock.set_anew(timedelta(days=10).total_seconds())
        for _ in range(3):
            assert await sweeper.sweep() == 0
            clock.shift(60)
        clock.set_anew(-timedelta(days=10).total_seconds())
        clock.shift(2 * HOUR)
        assert await sweeper.sweep() == 0
        clock.shift(2 * HOUR)
        assert await sweeper.sweep() == 0
        assert picture.exists()
        clock.set_anew(timedelta(days=10).total_seconds())
        assert await sweeper.sweep() == 0
        clock.shift(HOUR)
        assert await sweeper.sweep() == 1
        assert not picture.exists()


def test_clock_drift_of_seconds_is_trusted() -> None:
    """Only a clock change counts as a jump: corrections of seconds are normal."""
    clock = FakeClock()
    clock_jump = ClockJumpGuard(clock)
    for _ in range(100):
        clock.shift(60)
        clock.set_anew(0.5)
        assert clock_jump.trusted()
    assert clock.now() > START
