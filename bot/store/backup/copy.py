"""Database copies for backup and restore: one private file each, verified before use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.store.migrations import check_pages, refuse_newer, refuse_strangers
from bot.store.rows import all_rows, moment
from bot.store.sqlite.connection import connect
from bot.store.tokens import remove_all_tokens

_CONTENTS: Final = """
    SELECT (SELECT COUNT(*) FROM jobs) AS jobs, (SELECT MAX(created_at) FROM jobs) AS newest_at,
        (SELECT COALESCE(SUM(CASE kind WHEN 'charge' THEN amount_microcredits ELSE -amount_microcredits END), 0)
            FROM ledger WHERE kind IN ('charge', 'refund')) AS spent_microcredits,
        (SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'submitting')) AS waiting,
        (SELECT COUNT(*) FROM jobs WHERE state = 'running') AS running,
        (SELECT COUNT(*) FROM jobs WHERE state IN ('fetched', 'ready') AND picture_file IS NOT NULL) AS unposted
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a database contains. `newest_at` is when its last picture was ordered; None if there is none.

    `waiting` jobs may or may not have been submitted; the picture of `unposted` ones exists only in the spool.
    """

    jobs: int
    newest_at: datetime | None
    spent_microcredits: int
    waiting: int
    running: int
    unposted: int
    size_bytes: int


def contents_of(db: Database, size_bytes: int) -> Contents:
    """Count what a database contains."""
    [row] = all_rows(db, _CONTENTS)
    return Contents(**{**dict(row), "newest_at": moment(row["newest_at"]), "size_bytes": size_bytes})


def verified(path: Path, name: str) -> Contents:
    """Verify a copy: its pages, its version and its ledger; `name` is how error messages call it.

    Raises sqlite3.DatabaseError if it is damaged or not a database, StartupError if it is not this bot's, or newer.
    """
    with closing(connect(path, read_only=True)) as db:
        check_pages(db)
        refuse_strangers(db, name)
        refuse_newer(db, name)
        return contents_of(db, path.stat().st_size)


def copy_into(source: sqlite3.Connection, target: Path) -> None:
    """Fill an existing, empty file with a copy that is readable without a WAL file."""
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def remove_tokens(copy: Path) -> None:
    """Remove all interaction tokens from a copy, including from its free pages and unused space.

    The copy is rewritten (VACUUM) in a file beside it. Raises sqlite3.Error.
    """
    with private_file(copy.with_name(f"{copy.name}.vacuumed")) as packed:
        with closing(connect(copy)) as db:
            db.conn.execute("PRAGMA journal_mode = DELETE")
            db.conn.execute("BEGIN")
            remove_all_tokens(db)
            db.conn.execute("COMMIT")
            db.conn.execute("VACUUM INTO ?", (str(packed),))
        packed.replace(copy)


@contextmanager
def private_file(path: Path) -> Iterator[Path]:
    """A new, empty file that only this user can read; deleted afterwards unless it was renamed."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
