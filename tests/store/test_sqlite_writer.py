"""The writer thread: group commits, failing writes undone alone, and one kind of error."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bot.domain.errors import DamagedError, Refusal, StoreError
from bot.store.sqlite.connection import connect
from bot.store.sqlite.writer import DatabaseThread


def impatient(path: Path) -> Database:
    """A writing connection with a lock time-out of zero."""
    database = connect(path)
    database.conn.execute("PRAGMA busy_timeout = 0")
    return database


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[DatabaseThread]:
    """A running writer with one table."""
    thread = DatabaseThread("test-writer", lambda: impatient(tmp_path / "w.db"), grouped=True)
    await thread.start()
    await thread.run(lambda db: db.conn.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, note TEXT)").close())
    yield thread
    await thread.close()


def insert(number: int) -> Callable[[Database], int]:
    """A write of one row that returns its number."""

    def write(db: Database) -> int:
        db.conn.execute("INSERT INTO t (n) VALUES (?)", (number,))
        return number

    return write


def numbers(path: Path) -> list[int]:
    """The committed numbers, read by another connection."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]


async def test_each_caller_gets_its_own_result(writer: DatabaseThread, tmp_path: Path) -> None:
    """A hundred writes at once: each returns what its function returned, and all are committed."""
    assert await asyncio.gather(*(writer.run(insert(n)) for n in range(100))) == list(range(100))
    assert numbers(tmp_path / "w.db") == list(range(100))


async def test_writes_that_wait_together_share_a_commit(writer: DatabaseThread) -> None:
    """While one write runs, others queue up; they become one group."""
    statements: list[str] = []
    await writer.run(lambda db: db.conn.set_trace_callback(statements.append))
    await asyncio.gather(*(writer.run(insert(n)) for n in range(200)))
    assert sum(statement.startswith("INSERT") for statement in statements) == 200
    assert statements.count("COMMIT") < 100


async def test_disk_failure_during_a_write_undoes_its_whole_group(writer: DatabaseThread, tmp_path: Path) -> None:
    """Its partial changes can't be separated: nothing of the group is committed, and each caller gets an error."""

    def half_done(db: Database) -> None:
        db.conn.execute("INSERT INTO t (n) VALUES (50)")
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    results = await asyncio.gather(
        *(writer.run(write) for write in (half_done, insert(1), insert(2))), return_exceptions=True
    )
    assert isinstance(results[0], StoreError)
    told = [number for number, result in zip((1, 2), results[1:], strict=True) if not isinstance(result, StoreError)]
    assert numbers(tmp_path / "w.db") == told
    assert await writer.run(insert(3)) == 3


async def test_failing_write_does_not_affect_its_group(writer: DatabaseThread, tmp_path: Path) -> None:
    """In one group, a write that violates a constraint and one that raises are undone alone."""

    def refuse(db: Database) -> None:
        db.conn.execute("INSERT INTO t (n) VALUES (50)")
        raise Refusal("queue_full")

    results = await asyncio.gather(
        writer.run(insert(1)), writer.run(insert(1)), writer.run(refuse), writer.run(insert(2)), return_exceptions=True
    )
    assert results[0] == 1
    assert isinstance(results[1], StoreError)
    assert isinstance(results[2], Refusal)
    assert results[3] == 2
    assert numbers(tmp_path / "w.db") == [1, 2]


async def test_result_is_returned_only_after_the_commit(writer: DatabaseThread, tmp_path: Path) -> None:
    """On success the row is visible to another connection and durable."""
    for number in range(20):
        await writer.run(insert(number))
        assert numbers(tmp_path / "w.db")[-1] == number


async def test_locked_database_is_a_store_error_for_every_waiting_write(writer: DatabaseThread, tmp_path: Path) -> None:
    """Another program holds the lock: each write fails as StoreError, and later ones work again."""
    with closing(sqlite3.connect(tmp_path / "w.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(writer.run(insert(n)) for n in range(5)), return_exceptions=True)
        assert [type(result) for result in results] == [StoreError] * 5
        assert "locked" in str(results[0])
        other.execute("ROLLBACK")
    assert await writer.run(insert(7)) == 7
    assert numbers(tmp_path / "w.db") == [7]


async def test_transaction_rolled_back_by_sqlite_fails_all_its_writes(writer: DatabaseThread, tmp_path: Path) -> None:
    """When SQLite rolls back the whole transaction, no caller gets a success."""
    started = asyncio.gather(
        writer.run(insert(1)),
        writer.run(lambda db: db.conn.execute("ROLLBACK").close()),
        writer.run(insert(2)),
        return_exceptions=True,
    )
    results = await started
    told = [result for result in results if isinstance(result, int)]
    assert set(told) <= set(numbers(tmp_path / "w.db"))
    assert await writer.run(insert(9)) == 9


async def test_cancelled_callers_write_is_still_executed(writer: DatabaseThread, tmp_path: Path) -> None:
    """A queued write is executed, though its caller no longer waits for it."""
    task = asyncio.create_task(writer.run(insert(3)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await writer.run(insert(4))
    assert numbers(tmp_path / "w.db") == [3, 4]


async def test_closing_finishes_queued_writes(writer: DatabaseThread, tmp_path: Path) -> None:
    """Writes queued before the close are committed; later ones are refused; closing twice is harmless."""
    waiting = [asyncio.create_task(writer.run(insert(n))) for n in range(50)]
    await asyncio.sleep(0)
    await writer.close()
    assert await asyncio.gather(*waiting) == list(range(50))
    with pytest.raises(StoreError):
        await writer.run(insert(99))
    await writer.close()
    assert numbers(tmp_path / "w.db") == list(range(50))


async def test_reader_cannot_write(tmp_path: Path, writer: DatabaseThread) -> None:
    """The reading connection refuses every write, and reads what the writer has committed."""
    reader = DatabaseThread("test-reader", lambda: connect(tmp_path / "w.db", read_only=True), grouped=False)
    await reader.start()
    await writer.run(insert(5))
    rows: list[Any] = await reader.run(lambda db: [tuple(row) for row in db.conn.execute("SELECT n FROM t")])
    assert rows == [(5,)]
    with pytest.raises(StoreError):
        await reader.run(insert(6))
    await reader.close()


async def test_connection_that_cannot_be_opened_fails_the_start(tmp_path: Path) -> None:
    """The error of opening is raised to the code that starts the thread, and closing it afterwards does not hang."""
    thread = DatabaseThread("broken", lambda: connect(tmp_path / "no" / "such" / "folder.db"), grouped=True)
    with pytest.raises(sqlite3.OperationalError):
        await thread.start()
    await thread.close()


class OutOfMemory(sqlite3.Connection):
    """A connection whose third commit raises MemoryError, which is not an SQLite error."""

    commits = 0

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """As usual, except for that commit."""
        if sql == "COMMIT":
            self.commits += 1
            if self.commits == 3:
                raise MemoryError("no memory left")
        return super().execute(sql, *parameters)


async def test_dead_thread_is_reported_and_blocks_no_caller(tmp_path: Path) -> None:
    """Its observer is notified; current and later callers get an error instead of waiting."""

    def opened() -> Database:
        return Database(sqlite3.connect(tmp_path / "w.db", isolation_level=None, factory=OutOfMemory))

    died: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    thread = DatabaseThread("mortal-writer", opened, grouped=True, on_death=[died.set_result])
    await thread.start()
    await thread.run(lambda db: db.conn.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, note TEXT)").close())
    await thread.run(insert(1))
    with pytest.raises(StoreError, match="no memory left"):
        await thread.run(insert(2))
    assert isinstance(await died, MemoryError)
    with pytest.raises(StoreError, match="no memory left"):
        await thread.run(insert(3))
    await thread.close()
    assert numbers(tmp_path / "w.db") == [1]


async def test_corrupt_page_ends_the_thread(tmp_path: Path) -> None:
    """The caller gets an error, the bot is notified of the cause, and no write of the group is committed."""
    path = tmp_path / "w.db"
    heard: list[BaseException] = []
    thread = DatabaseThread("test-writer", lambda: impatient(path), grouped=True, on_death=[heard.append])
    await thread.start()
    await thread.run(lambda db: db.conn.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, note TEXT)").close())
    await thread.run(lambda db: db.conn.execute("CREATE TABLE other (n INTEGER PRIMARY KEY)").close())
    await asyncio.to_thread(break_page_of, path, "t")
    good = thread.run(lambda db: db.conn.execute("INSERT INTO other (n) VALUES (1)").close())
    answers = await asyncio.gather(good, thread.run(insert(1)), return_exceptions=True)
    assert isinstance(answers[1], StoreError)
    await asyncio.sleep(0)
    [error] = heard
    assert isinstance(error, DamagedError)
    assert "restore FILE" in str(error)
    with pytest.raises(StoreError, match="damaged"):
        await thread.run(insert(2))
    await thread.close()


def break_page_of(path: Path, table: str) -> None:
    """Overwrite a table's first page, as a failing disk would, and drop the page cache."""
    with closing(sqlite3.connect(path)) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchall()
        connection.execute("CREATE TABLE IF NOT EXISTS elsewhere (n INTEGER)")  # another writer: caches are dropped
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with path.open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xff" * 4096)
