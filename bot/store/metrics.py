"""Totals of the whole installation: from rollups, and from the few unsettled jobs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.domain.errors import StoreError
from bot.domain.job import JobState
from bot.ports.metrics import Figures
from bot.store.rows import all_rows
from bot.store.sqlite.connection import connect

_TOTALS: Final = ("requested", "delivered", "failed", "cancelled", "uncertain", "balance_errors", "spent_microcredits")
_SUMS: Final = ", ".join(f"COALESCE(SUM({column}), 0) AS {column}" for column in _TOTALS)
_UNSETTLED: Final = (
    JobState.QUEUED,
    JobState.SUBMITTING,
    JobState.RUNNING,
    JobState.FETCHED,
    JobState.UNCERTAIN,
    JobState.READY,
)


class SqliteFigures:
    """Implements FigureStore with its own connection, so that no card waits for it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def figures(self) -> Figures:
        """See FigureStore."""
        try:
            with closing(connect(self._path, read_only=True)) as db:
                db.conn.execute("BEGIN")  # all of them from one snapshot
                return figures(db)
        except sqlite3.Error as error:
            raise StoreError(f"The database could not do it: {error}.") from error


def figures(db: Database) -> Figures:
    """All figures."""
    [totals] = all_rows(db, f"SELECT {_SUMS} FROM usage_servers")
    states = ", ".join(f"'{state.value}'" for state in _UNSETTLED)
    unsettled = {
        row["state"]: row["jobs"]
        for row in all_rows(
            db,
            f"SELECT state, COUNT(*) AS jobs FROM jobs WHERE state IN ({states}) GROUP BY state",
        )
    }
    failures = all_rows(db, "SELECT code, SUM(failures) AS failures FROM usage_failures GROUP BY code ORDER BY code")
    waits = all_rows(db, "SELECT wait_s, SUM(pictures) AS pictures FROM usage_waits GROUP BY wait_s")
    return Figures(
        **{column: totals[column] for column in _TOTALS},
        unsettled={state: unsettled.get(state.value, 0) for state in _UNSETTLED},
        failures={row["code"]: row["failures"] for row in failures},
        waits={row["wait_s"]: row["pictures"] for row in waits},
    )
