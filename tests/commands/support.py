"""Databases and files of an installation, accessed without the commands under test."""

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import entry
from bot.store.store import SqliteStore
from tests.support.clock import FakeClock
from tests.support.database import fresh_database

Command = Callable[..., int]
"""Runs a command with these words; returns its exit code."""


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run a command as from a terminal; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["bot", *words])
    try:
        entry()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def opened(database: Path) -> SqliteStore:
    """The database as the bot opens it."""
    return SqliteStore(fresh_database(database), FakeClock(), per_user_running=50, per_user_pending=50)


def rows(database: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows, read without the store."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql, parameters).fetchall()


def put(path: Path, content: bytes) -> None:
    """Create a file with this content, and its directory."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def content(path: Path) -> bytes:
    """The content of a file."""
    return path.read_bytes()


def moved(path: Path, to: Path) -> None:
    """Move a file."""
    path.replace(to)


def listed(folder: Path) -> set[str]:
    """The names of the files in a directory."""
    return {path.name for path in folder.iterdir()}


def everywhere(folder: Path) -> set[str]:
    """The names of all files in a directory and its subdirectories."""
    return {path.name for path in folder.rglob("*")}


def damage(path: Path, part: str = "jobs_state") -> None:
    """Corrupt the first page of a table or index."""
    [(page,)] = rows(path, "SELECT rootpage FROM sqlite_schema WHERE name = ?", part)
    with path.open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xff" * 4096)
