"""Replaces the database with a backup: prepares a file beside it, then swaps it in by steps that survive a kill.

Renaming the prepared file to its final name is the commit point. After it, `finish` completes the rest, now or at the
next start of the bot; before it, nothing has changed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.domain.errors import StartupError
from bot.ops.durable_files import sync
from bot.store.backup import embedded_files, post_restore
from bot.store.backup.copy import Contents, contents_of, copy_into, private_file, verified
from bot.store.backup.embedded_files import FOLDERS
from bot.store.migrations import migrate
from bot.store.sqlite.connection import closed_on_error
from bot.store.sqlite.reading import opened

_RESTORED: Final = ".restored-"
_KEPT: Final = ".before-restore-"
_STAGED: Final = ".restored-files-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """A verified backup that is ready to replace the database.

    `present` describes the current database; None if there is none, or it is unreadable.
    """

    backup: Contents
    present: Contents | None
    prepared: Path
    database: Path


@contextmanager
def prepared(backup: Path, database: Path) -> Iterator[Restoration]:
    """A copy of the backup, verified and migrated to this version; deleted afterwards unless it was put in place.

    The caller holds the lock of the data directory. Raises StartupError if the backup is unusable or the disk fails.
    """
    finish(database)
    for left in database.parent.glob(f".{database.name}.*.restoring*"):
        left.unlink()  # left by a killed restore
    for folder in database.parent.glob(f"{_STAGED}*"):
        embedded_files.remove(folder)
    new = database.with_name(f".{database.name}.{os.getpid()}.restoring")
    with _told_in_a_sentence(backup), private_file(new):
        _copy(backup, database, new)
        contents = verified(new, str(backup))
        with closing(_writing(new)) as db:
            migrate(db, str(backup), size_bytes=0)
        yield Restoration(backup=contents, present=_present(database), prepared=new, database=database)


def put_in_place(restoration: Restoration, *, stamp: str, not_run_since: bool, now_ms: int) -> Path | None:
    """Replace the database with a prepared backup; returns where the old one is kept, None if there was none.

    Unless the bot has `not_run_since` the backup was made, its open orders are made safe first. `stamp` is part of the
    kept files' names and identifies this restore.
    """
    new, database = restoration.prepared, restoration.database
    with closing(_writing(new)) as db:
        if not_run_since:
            _refuse_later_steps(db, database)
        else:
            spool, references = (database.with_name(folder) for folder in FOLDERS)
            known = post_restore.what_is_known(db, database, spool=spool, references=references)
            db.conn.execute("BEGIN IMMEDIATE")
            post_restore.make_safe(db, known, now_ms=now_ms)
            db.conn.execute("COMMIT")
        embedded_files.take_out(db.conn, database.with_name(f"{_STAGED}{stamp}"))
    sync(new)
    new.replace(_beside(database, f"{_RESTORED}{stamp}"))
    sync(database.parent)
    finish(database)
    kept = _beside(database, f"{_KEPT}{stamp}")
    return kept if kept.exists() else None


def finish(database: Path) -> None:
    """Complete an interrupted restore from wherever it stopped; does nothing if there was none.

    The caller holds the lock of the data directory. Raises StartupError if the disk fails; a later call continues.
    """
    for restored in sorted(database.parent.glob(f"{database.name}{_RESTORED}*")):
        try:
            _replace(database, restored, restored.name.partition(_RESTORED)[2])
        except OSError as error:
            raise StartupError(
                f"The restore of {str(database)!r} could not be finished: {error}. "
                "Give this user write access and room on the disk, then start the bot: it goes on from there."
            ) from None


def _replace(database: Path, restored: Path, stamp: str) -> None:
    with closing(_writing(restored)) as db:
        if database.exists() and post_restore.is_another_installation(db, database):
            _keep_folders(database, stamp)
    embedded_files.put_beside(database.with_name(f"{_STAGED}{stamp}"), database.parent)
    for ending in ("", "-wal"):
        _keep(_beside(database, ending), _beside(database, f"{_KEPT}{stamp}{ending}"))
    sync(database.parent)
    # The old database's WAL would be applied to the new one, so it is removed first.
    for ending in ("-wal", "-shm"):
        _beside(database, ending).unlink(missing_ok=True)
    sync(database.parent)
    restored.replace(database)
    sync(database.parent)


def _beside(database: Path, ending: str) -> Path:
    return database.with_name(f"{database.name}{ending}")


def _keep(path: Path, kept: Path) -> None:
    """Hard-link a file to a second name so that it is kept; copies it if the file system has no hard links."""
    if not path.exists() or kept.exists():
        return
    try:
        kept.hardlink_to(path)
    except OSError:
        half = kept.with_name(f".{kept.name}.part")
        shutil.copy2(path, half)
        sync(half)
        half.replace(kept)


def _keep_folders(database: Path, stamp: str) -> None:
    """Move another installation's files away: they have the same ids as the backup's but belong to other members."""
    for folder in FOLDERS:
        kept = database.with_name(f"{folder}{_KEPT}{stamp}")
        if database.with_name(folder).exists() and not kept.exists():
            database.with_name(folder).rename(kept)


def _copy(backup: Path, database: Path, new: Path) -> None:
    if not backup.is_file():
        raise StartupError(f"{str(backup)!r} is no file. Name one that `backup` wrote.")
    if database.exists() and backup.samefile(database):
        raise StartupError(f"{str(backup)!r} is the database itself. Name a file that `backup` wrote.")
    with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as source:
        source.execute("BEGIN")
        source.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
        copy_into(source, new)


def _writing(path: Path) -> Database:
    """A connection without a WAL file, which would have to be moved along."""
    connection = sqlite3.connect(path, isolation_level=None)
    with closed_on_error(connection):
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        return Database(connection, use_counts_table=False)


def _present(database: Path) -> Contents | None:
    try:
        with opened(database) as db:
            return contents_of(db, database.stat().st_size)
    except (StartupError, sqlite3.Error, OSError):
        return None


def _refuse_later_steps(db: Database, database: Path) -> None:
    """Raise StartupError if the present database has job events from after the backup."""
    later = post_restore.steps_after(db, database)
    if later:
        raise StartupError(
            f"The bot has run since this backup was made: {later} later steps of its pictures stand in "
            f"{str(database)!r}. Restore it without --not-run-since."
        )


@contextmanager
def _told_in_a_sentence(backup: Path) -> Iterator[None]:
    """Translate errors before the commit point into StartupError: the present database is unchanged."""
    try:
        yield
    except OSError as error:
        raise StartupError(
            f"Nothing was restored: {error.filename or str(backup)!r}: {error.strerror or error}. Nothing has changed."
        ) from None
    except sqlite3.Error as error:
        raise StartupError(
            f"{str(backup)!r} cannot be restored: {error}. Nothing has changed; try another backup."
        ) from None
