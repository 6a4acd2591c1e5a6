"""An error in one server's row ends no background task: it is logged, counted and skipped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import Refusal, StoreError
from bot.domain.rules import ServerRules, Setting
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from bot.ops.counters import Counters
from bot.ops.skip_errors import skipping
from bot.ports import Shown
from bot.services.guild_rules import GuildRules
from bot.services.housekeeping import Housekeeping
from bot.services.orphans import OrphanSweep
from bot.services.retention import Retention
from bot.services.rule_cache import RuleCache
from bot.services.word_filter import WordFilter
from bot.store.store import SqliteStore
from tests.support.build import BOB, GUILD, new_request
from tests.support.clock import FakeClock
from tests.support.database import fresh_database

BROKEN_GUILD = 50


class BrokenForOne:
    """A privacy store that fails for one server's rows."""

    def __init__(self, store: SqliteStore, days: Mapping[int, int]) -> None:
        self._store = store.privacy
        self._days = days

    async def retentions(self) -> Mapping[int, int]:
        """The test's values, whatever is stored."""
        return self._days

    async def wipe_older(self, before: datetime, *, guild_id: int | None = None, most: int) -> int:
        """Fail for one server."""
        if guild_id == BROKEN_GUILD:
            raise OverflowError("date value out of range")
        return await self._store.wipe_older(before, guild_id=guild_id, most=most)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_prompts_are_deleted_despite_a_server_that_fails(tmp_path: Path) -> None:
    """And despite a number of days beyond the calendar; failures are counted."""
    clock, counters = FakeClock(), Counters()
    (tmp_path / "references").mkdir()
    async with SqliteStore(fresh_database(tmp_path / "bot.db"), clock) as store:
        request_id = await store.accept(new_request())
        view = await store.view(request_id)
        await store.cancelled(view.jobs[0].id)
        copies, spool = ReferenceCopies(tmp_path / "references", ["cdn.test"]), Spool(tmp_path / "spool")
        shown = await store.view(request_id)
        await mark_shown(store, request_id, shown.request.version)
        days = {BROKEN_GUILD: 1, 51: 1_000_000, GUILD: 1}
        broken: Any = BrokenForOne(store, days)
        retention = Retention(
            store=broken, files=spool, copies=copies, clock=clock, retention_days=0, count=counters.skipped
        )
        sweeper = Housekeeping(
            requests=store, drafts=store.drafts, jobs=store, files=spool, copies=copies, retention=retention,
            orphans=OrphanSweep(store=store.orphans, files=spool, copies=copies), clock=clock, keep=timedelta(days=7),
            count=counters.skipped,
        )  # fmt: skip
        clock.shift(timedelta(days=2).total_seconds())
        await sweeper.sweep()
        assert (await store.view(request_id)).request.spec.prompt == ""
    assert counters.registry.get_sample_value("imagine_guild_errors_total", {"step": "retention"}) == 1


async def mark_shown(store: SqliteStore, request_id: int, version: int) -> None:
    """No message of the request is pending."""
    await store.note_shown(request_id, Shown(digest="x", version=version, edited=True, by="", private=False))


async def test_housekeeping_continues_after_any_error(caplog: pytest.LogCaptureFixture) -> None:
    """A failed sweep is logged, and the next one runs."""
    sweeps = 0

    class Fails(Housekeeping):
        async def sweep(self) -> int:
            nonlocal sweeps
            sweeps += 1
            if sweeps == 3:
                raise asyncio.CancelledError
            raise OverflowError("days=1000000; must have magnitude <= 999999999")

    nothing: Any = None
    sweeper = Fails(
        requests=nothing, drafts=nothing, jobs=nothing, files=nothing, copies=nothing, retention=nothing,
        orphans=nothing, clock=FakeClock(), keep=timedelta(days=7),
    )  # fmt: skip
    with caplog.at_level(logging.ERROR), pytest.raises(asyncio.CancelledError):
        await sweeper.run()
    assert [record.message for record in caplog.records] == ["sweep_failed"] * 2


def test_database_error_is_not_skipped() -> None:
    """It affects all servers, so the caller must get it."""
    with pytest.raises(StoreError), skipping("step", lambda _: None):
        raise StoreError("locked")


async def test_invalid_stored_value_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    """However often the rules are read; the server's other rules apply."""

    class Rules:
        async def rules(self, _: int) -> ServerRules:
            return ServerRules(grounding=False, unreadable=(Setting.RETENTION_DAYS,))

    store: Any = Rules()
    counted: list[str] = []
    rules = RuleCache(store, counted.append)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            rules.forget(GUILD)
            assert not (await rules.of(GUILD)).grounding
    assert counted == ["rules"]
    assert [record.message for record in caplog.records] == ["setting_unreadable"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (Setting.RETENTION_DAYS, 1_000_000),
        (Setting.RETENTION_DAYS, 0),
        (Setting.RETENTION_DAYS, -5),
        (Setting.ALLOWED_ROLES, frozenset({-1})),
        (Setting.ALLOWED_CHANNELS, frozenset(range(1, 27))),
        (Setting.DEFAULT_SIZE, "99:1"),
        (Setting.LOG_CHANNEL, 2**63),
        (Setting.GROUNDING, "off"),
    ],
)
async def test_service_refuses_invalid_values(setting: Setting, value: object) -> None:
    """From any caller: nothing reaches the store."""
    store: Any = None
    clock = FakeClock()
    guild_rules = GuildRules(RuleCache(store), store=store, blocks=store, clock=clock, words=WordFilter(clock))
    with pytest.raises(Refusal) as refusal:
        await guild_rules.change(GUILD, BOB, setting, value, "")
    assert refusal.value.code == "not_offered"
