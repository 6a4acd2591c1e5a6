"""What is forgotten in time, and what is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.domain.job import JobState
from bot.jobs.housekeeping import Housekeeping
from bot.media.spool import Spool
from bot.store.sqlite import SqliteStore
from tests.support.clock import FakeClock
from tests.support.steps import Steps


async def test_delivered_pictures_leave_the_disk_after_their_days(tmp_path: Path) -> None:
    """Younger ones and those that could not be shown stay; the rows stay in any case."""
    clock = FakeClock()
    async with SqliteStore(tmp_path / "bot.db", clock) as store:
        spool = Spool(tmp_path / "spool")
        steps = Steps(store)
        delivered = await steps.delivered()
        kept = await steps.fetched()
        await store.ready(kept.id, "nowhere to show it")
        for job in (delivered, kept):
            (tmp_path / "spool" / f"{job.id}.png").write_bytes(b"picture")
            (tmp_path / "spool" / f"{job.id}.fit1.webp").write_bytes(b"smaller")
        sweeper = Housekeeping(requests=store, jobs=store, files=spool, clock=clock, keep=timedelta(days=7))
        clock.shift(timedelta(days=6).total_seconds())
        assert await sweeper.sweep() == 0
        clock.shift(timedelta(days=2).total_seconds())
        assert await sweeper.sweep() == 1
        assert {path.name for path in (tmp_path / "spool").iterdir()} == {f"{kept.id}.png", f"{kept.id}.fit1.webp"}
        assert (await store.job(delivered.id)).state is JobState.DELIVERED
        assert await sweeper.sweep() == 0
