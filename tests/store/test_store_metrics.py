"""Metrics of the whole installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.credits import MICRO
from bot.domain.errors import BadRequestError, Cost, StoreError
from bot.domain.job import JobState
from bot.store.metrics import SqliteFigures
from bot.store.store import SqliteStore
from tests.support.clock import FakeClock
from tests.support.steps import Steps


async def test_metrics_cover_all_servers(tmp_path: Path) -> None:
    """Two servers and a direct message; unsettled jobs by state, the others by outcome."""
    path = tmp_path / "bot.db"
    async with SqliteStore(path, FakeClock(), per_user_running=50, per_user_pending=50) as store:
        steps = Steps(store)
        await steps.delivered(guild_id=5)
        await steps.fetched(guild_id=6)
        await steps.uncertain(guild_id=6)
        job = await steps.submitting(guild_id=None)
        await store.failed(job.id, BadRequestError("400"), Cost.NOTHING)
        await store.cancelled((await steps.queued(guild_id=None)).id)
        await steps.queued(guild_id=None)
        figures = SqliteFigures(path).figures()
    assert {state: count for state, count in figures.unsettled.items() if count} == {
        JobState.QUEUED: 1,
        JobState.FETCHED: 1,
        JobState.UNCERTAIN: 1,
    }
    assert (figures.requested, figures.delivered, figures.failed, figures.cancelled) == (6, 1, 1, 1)
    assert figures.spent_microcredits == 2 * MICRO
    assert figures.failures == {"bad_request": 1}
    assert sum(figures.waits.values()) == 2


def test_invalid_database_is_a_store_error(tmp_path: Path) -> None:
    """And not a traceback of SQLite."""
    path = tmp_path / "bot.db"
    path.write_bytes(b"no database at all, but long enough to look like a page of one" * 20)
    with pytest.raises(StoreError):
        SqliteFigures(path).figures()
