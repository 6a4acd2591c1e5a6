"""Reads a database from outside of the bot, which may be running on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from sqlite_utils import Database

from bot.domain.errors import StartupError
from bot.ports import UsageRow
from bot.store import ledger_check, usage
from bot.store.migrations import refuse_newer, refuse_older, unusable
from bot.store.sqlite.connection import connect


def read_usage(path: Path, since: date | None) -> Sequence[UsageRow]:
    """The daily totals from a day on; raises StartupError if there is no usable database."""
    with opened(path) as db:
        return usage.totals(db, since)


def read_reported(path: Path, since: date | None) -> tuple[int, int]:
    """The cost that the provider reports from a day on, and the computed cost of those same jobs."""
    with opened(path) as db:
        refuse_older(db, str(path))
        return usage.reported(db, since)


def read_faults(path: Path) -> Iterator[str]:
    """Every fault in the ledger, one at a time; raises StartupError if there is no usable database."""
    with opened(path) as db:
        refuse_older(db, str(path))
        yield from ledger_check.check(db)


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """A read-only connection; raises StartupError if there is no usable database."""
    if not path.exists():
        raise StartupError(
            f"There is no database {str(path)!r} yet. Start the bot once, or set DATA_DIR to its folder."
        )
    try:
        with closing(connect(path, read_only=True)) as db:
            refuse_newer(db, str(path))
            yield db
    except sqlite3.Error as error:
        raise StartupError(unusable(str(path), str(error))) from None
