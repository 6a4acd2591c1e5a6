"""A consistent copy of the database in one file, made while the bot writes, and looked over before it gets its name."""

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

from bot.domain.errors import StartupError
from bot.store.sqlite.connection import connect
from bot.store.sqlite.migrations import check_pages, refuse_newer, refuse_strangers
from bot.store.sqlite.reading import opened
from bot.store.sqlite.rows import all_rows, moment

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
    """What a database holds. `newest_at` is when its last picture was asked for; None where there is none.

    `waiting` jobs may or may not have been sent, `unposted` ones have a picture that lies in the spool alone.
    """

    jobs: int
    newest_at: datetime | None
    spent_microcredits: int
    waiting: int
    running: int
    unposted: int
    size_bytes: int


def contents_of(db: Database, size_bytes: int) -> Contents:
    """Count what a database holds."""
    [row] = all_rows(db, _CONTENTS)
    return Contents(**{**dict(row), "newest_at": moment(row["newest_at"]), "size_bytes": size_bytes})


def verified(path: Path) -> Contents:
    """Read a copy through: its pages, its version, its sums.

    Raises sqlite3.DatabaseError where it is damaged or no database, StartupError where it is not of this bot, or newer.
    """
    with closing(connect(path, read_only=True)) as db:
        check_pages(db)
        refuse_strangers(db, str(path))
        refuse_newer(db, str(path))
        return contents_of(db, path.stat().st_size)


def back_up(source: Path, target: Path, *, force: bool) -> Contents:
    """Copy the database as it is at this moment, and return what the copy holds.

    It is written under another name, readable by this user alone, and takes its own once it is verified and on disk.
    Raises StartupError, with nothing left behind, where it cannot be made; an existing target is replaced by `force`.
    """
    with (
        opened(source) as db,
        _told_in_a_sentence(target),
        _written_aside(source, target, force=force) as aside,
    ):
        # A snapshot first: the copying itself would wait for ever for a database that somebody has locked.
        db.conn.execute("BEGIN")
        contents_of(db, 0)
        copy_into(db.conn, aside)
        contents = _verified_copy(aside, source)
        _check_target(source, target, force=force)
        sync(aside)
        aside.replace(target)
        sync(target.parent)
        return contents


def _verified_copy(copy: Path, source: Path) -> Contents:
    try:
        return verified(copy)
    except sqlite3.DatabaseError as error:
        raise StartupError(
            f"The database {str(source)!r} is damaged ({error}), so no backup was made. Restore the last good one."
        ) from None


def copy_into(source: sqlite3.Connection, target: Path) -> None:
    """Fill an existing, empty file with a copy that needs no second file beside it to be read."""
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def sync(path: Path) -> None:
    """Force a file, or a folder's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_target(source: Path, target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise StartupError(f"{str(target)!r} is a folder. Name the file that the backup shall be written to.")
    if not target.parent.is_dir():
        raise StartupError(f"The folder {str(target.parent)!r} does not exist. Make it first, or choose another one.")
    if target.exists() and source.exists() and target.samefile(source):
        raise StartupError(f"{str(target)!r} is the database itself. Choose another file.")
    if target.exists() and not force:
        raise StartupError(f"{str(target)!r} exists. Choose another file, or replace it with --force.")


@contextmanager
def _written_aside(source: Path, target: Path, *, force: bool) -> Iterator[Path]:
    """A private, empty file beside the target that is gone afterwards, unless it was renamed."""
    _check_target(source, target, force=force)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield aside
    finally:
        aside.unlink(missing_ok=True)
        aside.with_name(f"{aside.name}-journal").unlink(missing_ok=True)


@contextmanager
def _told_in_a_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartupError(f"{str(target)!r} cannot be written: {error.strerror}. Choose another place.") from None
    except sqlite3.Error as error:
        raise StartupError(
            f"The backup {str(target)!r} cannot be made: {error}. Check the space on both disks and try again."
        ) from None
