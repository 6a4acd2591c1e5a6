"""Retention: what is deleted after its time, and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.domain.job import JobState, NewReference
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from bot.services.housekeeping import Housekeeping
from bot.services.orphans import OrphanSweep
from bot.services.retention import Retention
from bot.store.store import SqliteStore
from tests.support.build import new_request
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import Steps


def a_sweeper(store: SqliteStore, spool: Spool, folder: Path, clock: FakeClock) -> Housekeeping:
    """A sweeper that deletes what is older than seven days."""
    (folder / "references").mkdir(exist_ok=True)
    copies = ReferenceCopies(folder / "references", ["cdn.test"])
    retention = Retention(store=store.privacy, files=spool, copies=copies, clock=clock, retention_days=0)
    return Housekeeping(
        requests=store, drafts=store.drafts, jobs=store, files=spool, copies=copies, retention=retention,
        orphans=OrphanSweep(store=store.orphans, files=spool, copies=copies), clock=clock, keep=timedelta(days=7),
    )  # fmt: skip


async def test_references_of_settled_requests_are_deleted(tmp_path: Path) -> None:
    """Those of a request that is still waiting stay, however old it is."""
    clock = FakeClock()
    (tmp_path / "references").mkdir()
    async with SqliteStore(fresh_database(tmp_path / "bot.db"), clock) as store:
        pictures = (NewReference(url="https://cdn.test/a.png", name="a.png"),)
        requests = [await store.accept(replace(new_request(), references=pictures)) for _ in range(2)]
        for request_id in requests:
            (tmp_path / "references" / f"{request_id}-0.png").write_bytes(b"picture")
            view = await store.view(request_id)
            found = [replace(reference, file_name=f"{request_id}-0.png") for reference in view.request.references]
            await store.references_arrived(request_id, found)
        settled, waiting = requests
        await store.cancelled((await store.view(settled)).jobs[0].id)
        sweeper = a_sweeper(store, Spool(tmp_path / "spool"), tmp_path, clock)
        assert await sweeper.sweep() == 0
        clock.shift(timedelta(days=8).total_seconds())
        assert await sweeper.sweep() == 1
        assert [path.name for path in (tmp_path / "references").iterdir()] == [f"{waiting}-0.png"]
        assert (await store.view(settled)).request.references[0].file_name is None
        assert await sweeper.sweep() == 0


async def test_delivered_pictures_are_deleted_after_their_retention(tmp_path: Path) -> None:
    """Younger ones and undelivered ones stay; the rows always stay."""
    clock = FakeClock()
    async with SqliteStore(fresh_database(tmp_path / "bot.db"), clock) as store:
        spool = Spool(tmp_path / "spool")
        steps = Steps(store)
        delivered = await steps.delivered()
        kept = await steps.fetched()
        await store.ready(kept.id, "nowhere to show it")
        for job in (delivered, kept):
            (tmp_path / "spool" / f"{job.id}.png").write_bytes(b"picture")
            (tmp_path / "spool" / f"{job.id}.fit1.webp").write_bytes(b"smaller")
        sweeper = a_sweeper(store, spool, tmp_path, clock)
        clock.shift(timedelta(days=6).total_seconds())
        assert await sweeper.sweep() == 0
        clock.shift(timedelta(days=2).total_seconds())
        assert await sweeper.sweep() == 1
        assert {path.name for path in (tmp_path / "spool").iterdir()} == {f"{kept.id}.png", f"{kept.id}.fit1.webp"}
        assert (await store.job(delivered.id)).state is JobState.DELIVERED
        assert await sweeper.sweep() == 0


async def test_orphaned_files_are_deleted(tmp_path: Path) -> None:
    """Those of settled jobs and requests; never one in use, one that is kept, a thumbnail, or an unrelated file."""
    clock = FakeClock()
    references, pictures = tmp_path / "references", tmp_path / "spool"
    references.mkdir()
    async with SqliteStore(fresh_database(tmp_path / "bot.db"), clock) as store:
        spool = Spool(pictures)
        steps = Steps(store)
        gone = await steps.queued()
        await store.cancelled(gone.id)
        running, kept = await steps.running(), await steps.fetched()
        of_another = NewReference(url="https://x.test/a", name="a", file_name="99-0.png")
        shared = replace(new_request(), references=(of_another,))
        again = await store.accept(shared)
        await store.cancelled((await store.view(again)).jobs[0].id)
        for name in (f"{gone.request_id}-0.png", f"{running.request_id}-0.png", "99-0.png", "note.txt"):
            (references / name).write_bytes(b"picture")
        for name in (f"{gone.id}.png", f"{gone.id}.thumb.webp", f"{running.id}.png", f"{kept.id}.png", "4040.png"):
            (pictures / name).write_bytes(b"picture")
        sweeper = a_sweeper(store, spool, tmp_path, clock)
        await sweeper.sweep()
        left = {path.name for path in references.iterdir()}
        assert left == {f"{running.request_id}-0.png", "99-0.png", "note.txt"}
        left = {path.name for path in pictures.iterdir()}
        assert left == {f"{gone.id}.thumb.webp", f"{running.id}.png", f"{kept.id}.png", "4040.png"}
        (pictures / f"{gone.id}.png").write_bytes(b"picture")
        await sweeper.sweep()
        assert (pictures / f"{gone.id}.png").exists(), "the folders are looked through once a day"
        clock.shift(timedelta(days=2).total_seconds())
        await sweeper.sweep()
        assert not (pictures / f"{gone.id}.png").exists()
