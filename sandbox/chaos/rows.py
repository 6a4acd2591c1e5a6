"""Read the bot's tables from another process."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def opened(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The bot's database, opened read-only, so that no recovery runs on what a killed bot left."""
    connection = sqlite3.connect(f"file:{data_dir / 'bot.db'}?mode=ro", uri=True, timeout=5)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


def rows(data_dir: Path, sql: str, *parameters: Any) -> list[sqlite3.Row]:
    """The rows of one query."""
    with opened(data_dir) as database:
        return database.execute(sql, parameters).fetchall()


def count(data_dir: Path, sql: str, *parameters: Any) -> int:
    """The number that one query returns."""
    return int(rows(data_dir, sql, *parameters)[0][0])
