"""Read-only integrity checks of a database; the bot may be running on it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.store import gate
from bot.store.backup.copy import Contents, contents_of
from bot.store.migrations import check_pages, refuse_older, refuse_strangers
from bot.store.rows import all_rows
from bot.store.sqlite.reading import opened

SQLITE_VERSION: Final = sqlite3.sqlite_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files that rows name: undelivered pictures, delivered ones, references of open orders.

    `under_way` are the ids of jobs that may get a file at any moment.
    """

    unposted: frozenset[str]
    posted: frozenset[str]
    referred: frozenset[str]
    under_way: frozenset[str]


def read_through(path: Path) -> Contents:
    """Read every page; raises StartupError if the database is damaged, not this bot's, older or newer."""
    with opened(path) as db:
        check_pages(db)
        refuse_strangers(db, str(path))
        refuse_older(db, str(path))
        return contents_of(db, path.stat().st_size)


def broken_references(path: Path) -> int:
    """How many rows violate a foreign key."""
    with opened(path) as db, closing(db.conn.execute("PRAGMA foreign_key_check")) as rows:
        return sum(1 for _ in rows)


def gate_reason(path: Path) -> str:
    """Why nothing is submitted at present; "" if the gate is open."""
    with opened(path) as db:
        now = gate.read(db)
        since = f" since {now.shut_since:%Y-%m-%d %H:%M} UTC" if now.shut_since else ""
        return f"{now.why}{since}" if now.shut else ""


def files_of(path: Path) -> Files:
    """The files that should be on disk, from one snapshot."""
    with opened(path) as db:
        db.conn.execute("BEGIN")
        pictures = all_rows(db, "SELECT picture_file, state FROM jobs WHERE picture_file IS NOT NULL")
        referred = all_rows(
            db,
            "SELECT DISTINCT file_name FROM request_references JOIN jobs USING (request_id) "
            "WHERE file_name IS NOT NULL AND url <> '' AND state IN ('queued', 'uncertain')",
        )
        at_work = all_rows(db, "SELECT id FROM jobs WHERE state IN ('submitting', 'running', 'fetched')")
    posted = frozenset(row["picture_file"] for row in pictures if row["state"] == "delivered")
    return Files(
        unposted=frozenset(row["picture_file"] for row in pictures) - posted,
        posted=posted,
        referred=frozenset(row["file_name"] for row in referred),
        under_way=frozenset(str(row["id"]) for row in at_work),
    )
