"""Export, deletion on request, and retention, on a real database and disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.job import Wiped
from bot.domain.rules import ServerRules, Setting
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from bot.media.zip_archives import ZipArchives
from bot.services.privacy import Privacy
from bot.services.retention import Retention
from bot.store.store import SqliteStore
from tests.support.build import ALICE, BOB, GUILD
from tests.support.clock import FakeClock
from tests.support.pipeline_harness import FailingStore
from tests.support.provider import RecordingPresenter
from tests.support.refusals import refused
from tests.support.steps import Steps

OTHER_GUILD = 99


@dataclass
class PrivacyHarness:
    """The service on a store, with directories for files."""

    store: FailingStore
    privacy: Privacy
    retention: Retention
    steps: Steps
    clock: FakeClock
    folder: Path
    presenter: RecordingPresenter

    def files(self) -> list[str]:
        """The files of pictures and references on disk."""
        return sorted(path.name for folder in ("spool", "references") for path in (self.folder / folder).iterdir())

    async def delivered(self, **new: object) -> int:
        """A request whose picture and reference are on disk."""
        job = await self.steps.delivered(**new)
        for name in (f"spool/{job.id}.png", f"spool/{job.id}.thumb.webp", f"references/{job.request_id}-0.png"):
            (self.folder / name).write_bytes(b"picture")
        return job.request_id

    async def wiped(self, *request_ids: int) -> list[Wiped]:
        """The state of requests after deletion."""
        return [(await self.store.view(request_id)).request.wiped for request_id in request_ids]


@pytest.fixture
async def office(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PrivacyHarness]:
    """An installation that keeps prompts for 100 days."""
    (tmp_path / "references").mkdir()
    async with FailingStore(tmp_path / "bot.db", clock, per_user_running=50, per_user_pending=400) as store:
        spool, presenter = Spool(tmp_path / "spool"), RecordingPresenter()
        copies = ReferenceCopies(tmp_path / "references", ["cdn.test"])
        retention = Retention(store=store.privacy, files=spool, copies=copies, clock=clock, retention_days=100)
        privacy = Privacy(
            store=store.privacy, archives=ZipArchives(tmp_path / "archives"), retention=retention,
            presenter=presenter, clock=clock,
        )  # fmt: skip
        yield PrivacyHarness(store, privacy, retention, Steps(store), clock, tmp_path, presenter)


async def keep_for(store: SqliteStore, days: int, guild_id: int = GUILD) -> None:
    """Set for how many days a server's prompts are kept."""
    entry = NewAuditEntry(guild_id=guild_id, actor_id=1, action=AuditAction.SETTING)
    await store.rules.change(guild_id, Setting.RETENTION_DAYS, ServerRules(retention_days=days), entry)


async def test_export_is_split_into_as_many_files_as_the_limit_requires(office: PrivacyHarness) -> None:
    """Every order is in exactly one of them; no temporary file stays on our disk."""
    await asyncio.gather(*(office.steps.queued(prompt=f"order {number}") for number in range(230)))
    options = {"note": "what this is", "limit_bytes": 8_000}
    async with office.privacy.exported(ALICE, most_files=9, **options) as files:  # type: ignore[arg-type]
        assert len(files) > 1
        orders = []
        for file in files:
            with ZipFile(file) as opened:
                for name in opened.namelist():
                    content = json.loads(opened.read(name))
                    if name.startswith("orders"):
                        orders += [order["prompt"] for order in content]
                    else:
                        assert (content["note"], content["member"]) == ("what this is", str(ALICE))
    assert sorted(orders) == sorted(f"order {number}" for number in range(230))
    assert list((office.folder / "archives").iterdir()) == []
    with refused("more than 1 files"):
        async with office.privacy.exported(ALICE, most_files=1, **options):  # type: ignore[arg-type]
            pass
    assert list((office.folder / "archives").iterdir()) == []


async def test_deletion_removes_rows_and_files_of_its_member_only(office: PrivacyHarness) -> None:
    """Also the thumbnails, which otherwise outlive pictures; a pending card is deleted."""
    mine, theirs = await office.delivered(), await office.delivered(user_id=BOB)
    waiting = await office.steps.queued()
    office.clock.shift(3_600)
    assert (await office.privacy.tally(ALICE)).under_way == 1
    await office.privacy.delete(ALICE)
    assert office.files() == [f"{theirs}-0.png", f"{theirs}.png", f"{theirs}.thumb.webp"]
    assert await office.wiped(mine, theirs, waiting.request_id) == [Wiped.AT_WISH, Wiped.NO, Wiped.AT_WISH]
    assert office.presenter.asked == [waiting.request_id]
    with refused("nothing of yours to delete"):
        await office.privacy.tally(ALICE)


async def test_files_of_recent_orders_are_deleted_once_nothing_can_arrive_any_more(office: PrivacyHarness) -> None:
    """A reference that is still being copied would reappear after its deletion."""
    await office.delivered()
    await office.privacy.delete(ALICE)
    assert len(office.files()) == 3
    office.clock.shift(601)
    await office.retention.sweep()
    assert office.files() == []


@pytest.mark.parametrize("failing", ["erase_some", "leftovers", "cleared"])
async def test_interrupted_deletion_is_finished_by_the_next_sweep(
    office: PrivacyHarness, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is recorded before anything else happens, and so are the remaining files."""
    mine = await office.delivered()
    office.clock.shift(3_600)

    async def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(office.store.privacy, failing, fail)
        with pytest.raises(OSError, match="the disk is gone"):
            await office.privacy.delete(ALICE)
    await office.retention.sweep()
    assert office.files() == []
    assert await office.wiped(mine) == [Wiped.AT_WISH]
    assert await office.store.privacy.erasing() == []
    assert await office.store.privacy.leftovers(office.clock.now(), most=9) == []


async def test_shorter_retention_applies(office: PrivacyHarness) -> None:
    """A server may delete sooner, never later than the installation; direct messages use the installation's value."""
    await keep_for(office.store, 10)
    await keep_for(office.store, 1_000, OTHER_GUILD)
    requests = [await office.delivered(guild_id=guild_id) for guild_id in (GUILD, OTHER_GUILD, None)]
    office.clock.shift(timedelta(days=11).total_seconds())
    await office.retention.sweep()
    assert await office.wiped(*requests) == [Wiped.IN_TIME, Wiped.NO, Wiped.NO]
    assert len(office.files()) == 6
    office.clock.shift(timedelta(days=90).total_seconds())
    await office.retention.sweep()
    assert await office.wiped(*requests) == [Wiped.IN_TIME] * 3
    assert office.files() == []
