"""The stores that the contract tests run on, and read access to what they wrote."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.store.sqlite.reading import read_faults
from bot.store.store import SqliteStore
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import Steps, Store


class StoreHarness(Protocol):
    """What a store wrote, read without the store."""

    def ledger(self, job_id: int | None = None) -> list[tuple[str, int]]:
        """Kind and amount of each ledger row, of one job or of all, in insertion order."""
        ...

    def events(self, job_id: int) -> list[tuple[str, str]]:
        """Event and resulting state of each row of a job's history."""
        ...

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        ...

    def faults(self) -> list[str]:
        """Inconsistencies of the ledger and the totals; empty if there are none."""
        ...


class SqliteStoreHarness:
    """Reads the file with its own connection."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ledger(self, job_id: int | None = None) -> list[tuple[str, int]]:
        """See StoreHarness."""
        return [
            (row["kind"], row["amount_microcredits"]) for row in self.rows("ledger") if job_id in {None, row["job_id"]}
        ]

    def events(self, job_id: int) -> list[tuple[str, str]]:
        """See StoreHarness."""
        return [(row["event"], row["state"]) for row in self.rows("job_events") if row["job_id"] == job_id]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """See StoreHarness."""
        with closing(sqlite3.connect(self._path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608 - a table's name

    def faults(self) -> list[str]:
        """See StoreHarness."""
        return list(read_faults(self._path))


Opener = Callable[..., SqliteStore]


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stops unless a test advances it."""
    return FakeClock()


@pytest.fixture(params=["sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Opener:
    """Opens a store of each implementation on the same data; limits are keyword arguments."""
    assert request.param == "sqlite"
    return lambda **limits: SqliteStore(fresh_database(tmp_path / "bot.db"), clock, **limits)


@pytest.fixture
async def store(open_store: Opener) -> AsyncIterator[Store]:
    """An open, empty store with limits that most tests never reach."""
    async with open_store(per_user_running=50, per_user_pending=50, max_running=50) as opened:
        yield opened


@pytest.fixture
def books(tmp_path: Path) -> StoreHarness:
    """Read access to what the store wrote."""
    return SqliteStoreHarness(tmp_path / "bot.db")


@pytest.fixture
def steps(store: Store) -> Steps:
    """Brings jobs to a state."""
    return Steps(store)
