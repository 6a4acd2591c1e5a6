"""Files stored in a table inside a backup: undelivered pictures, and files that open orders need."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from bot.ops.durable_files import sync

FOLDERS: Final = ("spool", "references")
"""Folders beside the database whose files are named after its ids."""
_NAMED: Final = """
    SELECT 'spool' AS folder, picture_file AS name FROM jobs
    WHERE picture_file IS NOT NULL AND state IN ('fetched', 'ready')
    UNION
    SELECT iif(url = '', 'spool', 'references'), file_name FROM request_references JOIN jobs USING (request_id)
    WHERE file_name IS NOT NULL AND state IN ('queued', 'submitting', 'uncertain')
"""
_TABLE: Final = """
    CREATE TABLE backup_files (folder TEXT NOT NULL, name TEXT NOT NULL, content BLOB NOT NULL, UNIQUE (folder, name))
    STRICT
"""


def enclose(copy: Path, data_dir: Path) -> int:
    """Copy the files that a copy's rows need into the copy, one at a time; returns how many there were.

    A missing file was delivered meanwhile and is skipped. Raises sqlite3.Error, or OSError if the disk fails.
    """
    count = 0
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute(_TABLE)
        for folder, name in connection.execute(_NAMED).fetchall():
            try:
                content = (data_dir / folder / name).read_bytes()
            except FileNotFoundError:
                continue
            connection.execute("INSERT INTO backup_files VALUES (?, ?, ?)", (folder, name, content))
            count += 1
        connection.execute("COMMIT")
    return count


def take_out(connection: sqlite3.Connection, staging: Path) -> None:
    """Extract the embedded files of a prepared backup to a private folder, synced, and remove them from the backup."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'backup_files'").fetchone() is None:
        return
    with closing(connection.execute("SELECT folder, name, content FROM backup_files")) as rows:
        for folder, name, content in rows:
            if folder not in FOLDERS or Path(name).name != name:  # the bot's own backups contain no other paths
                continue
            (staging / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(staging / folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    connection.execute("DROP TABLE backup_files")
    connection.execute("VACUUM")


def put_beside(staging: Path, data_dir: Path) -> None:
    """Move staged files to their final paths; existing files are kept. Can be repeated after a kill."""
    for path, target in _moves(staging, data_dir):
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if not target.exists():
            path.replace(target)
            sync(target.parent)
    remove(staging)


def remove(staging: Path) -> None:
    """Delete a staging folder with its contents; there may be none."""
    for path, _ in _moves(staging, staging):
        path.unlink()
    for folder in FOLDERS:
        if (staging / folder).exists():
            (staging / folder).rmdir()
    if staging.exists():
        staging.rmdir()


def _moves(staging: Path, data_dir: Path) -> Iterator[tuple[Path, Path]]:
    for folder in FOLDERS:
        if (staging / folder).is_dir():
            yield from ((path, data_dir / folder / path.name) for path in sorted((staging / folder).iterdir()))
