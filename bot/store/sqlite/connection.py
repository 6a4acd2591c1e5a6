"""Opens the database file: pragmas, checks, and errors as one sentence."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from sqlite_utils import Database

from bot.domain.errors import StartupError

BUSY_TIMEOUT_S = 5.0
NO_ROOM: Final = (
    "The disk of DATA_DIR is full, so the database cannot be opened. Free some space and start again: nothing is lost."
)
C = TypeVar("C", sqlite3.Connection, Database)
_LEAST_BYTES: Final = 1_000_000


def connect(path: Path, *, read_only: bool = False) -> Database:
    """A connection for the calling thread only, in autocommit mode so that every transaction is explicit.

    WAL with synchronous=FULL: a commit survives a power failure. A reader can't write and never blocks the writer.
    """
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    with closed_on_error(connection):
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # Deleted data is overwritten in the file, not only marked as free.
            connection.execute("PRAGMA secure_delete = ON")
        return Database(connection, use_counts_table=False)


@contextmanager
def closed_on_error(connection: C) -> Iterator[C]:
    """Close a connection that can't be returned because the file behind it turned out to be unusable."""
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def ensure_data_dir(data_dir: Path) -> None:
    """Create the data directory, private to this user; raises StartupError if it can't be written to."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data_dir / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartupError(
            f"DATA_DIR {str(data_dir)!r} cannot be written: {error.strerror}. "
            "Give this user write access, or set DATA_DIR to another folder."
        ) from None


def has_room(data_dir: Path) -> bool:
    """Whether the disk has the minimum space that SQLite needs: a WAL and its index."""
    try:
        return shutil.disk_usage(data_dir).free >= _LEAST_BYTES
    except OSError:
        return True  # the disk has another problem, which is reported elsewhere


def ensure_private_file(path: Path) -> None:
    """Create the database file readable by this user only, before SQLite creates it with default permissions."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
