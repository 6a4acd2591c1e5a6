"""Copies the database into one file while the bot writes; the copy is verified before it gets its final name."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.domain.errors import StartupError
from bot.ops.durable_files import sync
from bot.store.backup.copy import Contents, contents_of, copy_into, private_file, remove_tokens, verified
from bot.store.backup.embedded_files import enclose
from bot.store.sqlite.reading import opened


def back_up(source: Path, target: Path, *, force: bool, with_pictures: bool = False) -> Contents:
    """Copy the database as of this moment, and return what the copy contains.

    The copy has no interaction tokens. `with_pictures` adds the files that exist nowhere else: undelivered pictures,
    and files that open orders refer to.

    It is written under a temporary name, readable by this user only, and renamed once verified and on disk. Raises
    StartupError, leaving nothing behind, if that fails; an existing target is replaced only with `force`.
    """
    with _told_in_a_sentence(target):
        _check_target(source, target, force=force)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    with opened(source) as db, _told_in_a_sentence(target), private_file(aside):
        # Start a snapshot first: the backup itself would wait forever for a database locked by another process.
        db.conn.execute("BEGIN")
        contents_of(db, 0)
        copy_into(db.conn, aside)
        _verified_copy(aside, source)  # before VACUUM, which would hide a damaged index
        remove_tokens(aside)
        if with_pictures:
            enclose(aside, source.parent)
        contents = _verified_copy(aside, source)
        _check_target(source, target, force=force)
        sync(aside)
        aside.replace(target)
        sync(target.parent)
        return contents


def _verified_copy(copy: Path, source: Path) -> Contents:
    try:
        return verified(copy, str(source))
    except sqlite3.DatabaseError as error:
        raise StartupError(
            f"The database {str(source)!r} is damaged ({error}), so no backup was made. Restore the last good one."
        ) from None


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
def _told_in_a_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartupError(f"{str(target)!r} cannot be written: {error.strerror}. Choose another place.") from None
    except sqlite3.Error as error:
        raise StartupError(
            f"The backup {str(target)!r} cannot be made: {error}. Check the space on both disks and try again."
        ) from None
