"""A database that is corrupted or locked by another program, at run time and at startup."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.harness import Harness


async def test_corrupt_database_ends_the_bot_and_notifies_its_owner(harness: Harness) -> None:
    """It stops writing: one sentence, exit code 2, a message to the owner, and no more orders."""
    await harness.imagine("before the flood")
    await harness.picture("before the flood")
    await asyncio.to_thread(flood, harness.data_dir / "bot.db")
    await harness.driver.slash("alice", "imagine", {"prompt": "after the flood"})
    assert await asyncio.wait_for(harness.bot.wait(), 30) == 2
    [said] = [line for line in harness.bot.output if line.startswith("imagine-bot:")]
    assert "The database is damaged" in said
    assert "restore FILE" in said
    assert len(harness.apimaster.posts) == 1
    assert sum("The database is damaged" in m.text() for m in harness.driver.messages("mod", "dm")) == 1


def flood(path: Path) -> None:
    """Overwrite everything but the first page, as a failing disk would, and drop the page cache."""
    with closing(sqlite3.connect(path, timeout=5)) as connection:
        connection.execute("UPDATE facts SET value = value")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


async def test_write_lock_of_another_program_is_waited_out(harness: Harness) -> None:
    """While it is held, interactions are acknowledged; afterwards work resumes, and nothing is ordered twice."""
    with closing(sqlite3.connect(harness.data_dir / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await harness.imagine("patience")  # still acknowledged
        await asyncio.sleep(0)
        other.execute("COMMIT")
    await harness.picture("patience")
    assert len(harness.apimaster.posts) == 1
