"""One thread that owns the writing connection and commits in groups; callers await a future.

A write is a function of the connection. Concurrent writes share one `BEGIN IMMEDIATE … COMMIT`, each in its own
savepoint, so one fsync covers all of them and a failing write doesn't affect the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, TypeVar

from sqlite_utils import Database

from bot.domain.errors import DamagedError, StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")
_SPOILING: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_GROUP: Final = 256
"""The maximum number of writes per commit; bounds how long the first of them waits."""


class _Work:
    """A function to run on the thread, its result, and the future of the caller that awaits it in an event loop."""

    __slots__ = ("_error", "_future", "_loop", "_result", "done", "function")

    def __init__(self, function: Callable[[Database], Any]) -> None:
        self.function = function
        self.done = False
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[Any] = self._loop.create_future()
        self._result: Any = None
        self._error: BaseException | None = None

    async def wait(self) -> Any:
        """Block for the function's result; raises what the function raised."""
        return await self._future

    def run(self, database: Database) -> None:
        """Run the function; the result is only delivered by `tell`."""
        self._result = self.function(database)

    def tell(self) -> None:
        """Deliver the function's result."""
        self.done = True
        _in_loop(self._loop, self._resolve)

    def fail(self, error: BaseException) -> None:
        """Deliver an error instead of a result."""
        self.done, self._error = True, error
        _in_loop(self._loop, self._resolve)

    def _resolve(self) -> None:
        if self._future.done():
            return  # the caller was cancelled; its write is carried out all the same
        if self._error is not None:
            self._future.set_exception(self._error)
        else:
            self._future.set_result(self._result)


class DatabaseThread:
    """A thread with its own connection, opened by `open_database` in the thread.

    Concurrent work is run as one group; `grouped` makes a group one transaction, for the writer. `on_death` is called
    in the event loop with the error that ended the thread; afterwards every call raises an error. An error of one
    function or one transaction doesn't end the thread.
    """

    def __init__(
        self,
        name: str,
        open_database: Callable[[], Database],
        *,
        grouped: bool,
        on_death: Iterable[Callable[[BaseException], None]] = (),
    ) -> None:
        self._open_database = open_database
        self._grouped = grouped
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._ready: Future[None] = Future()
        self._closed = False
        self._on_death = tuple(on_death)
        self.group = 0
        """The number of the group that is being run; lets its functions share cached results."""

    async def start(self) -> None:
        """Open the connection in the thread; raises what opening it raises."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        await asyncio.wrap_future(self._ready)

    async def run(self, function: Callable[[Database], T]) -> T:
        """Run a function on the thread, in a transaction if this is the writer. Raises StoreError for SQLite's errors.

        If the caller is cancelled, its write is still carried out.
        """
        if self._closed:
            raise StoreError("The database is closed.")
        work = _Work(function)
        self._queue.put(work)
        result: T = await work.wait()
        return result

    async def close(self) -> None:
        """Finish the queued work, then close the connection and end the thread."""
        if self._closed or not self._thread.is_alive():
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _main(self) -> None:
        try:
            database = self._open_database()
        except BaseException as error:  # noqa: BLE001 - passed on whole to the caller of start()
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        group: list[_Work] | None = []
        try:
            while (group := self._next_group()) is not None:
                self.group += 1
                if self._grouped:
                    _run_in_one_transaction(database, group)
                else:
                    for work in group:
                        _run_reading(database, work)
        except BaseException as error:
            # A connection in an unknown state must not write any more, but no caller may wait forever for a result.
            log.critical("database_thread_died", extra={"name_of_thread": self._thread.name}, exc_info=True)
            cause = _damaged(error) if _is_damage(error) else error
            for told in self._on_death:
                _in_loop(self._loop, partial(told, cause))
            self._refuse(group or [], cause)
        finally:
            database.close()

    def _refuse(self, group: list[_Work], cause: BaseException) -> None:
        """Answer everything with an error until the thread is asked to end."""
        refusal = StoreError(f"The database thread ended: {cause}.")
        waiting: list[_Work] | None = group
        while waiting is not None:
            for work in waiting:
                if not work.done:
                    work.fail(refusal)
            waiting = self._next_group()

    def _next_group(self) -> list[_Work] | None:
        """Wait for work; None at the end. The end marker is put back if it arrives after work."""
        first = self._queue.get()
        if first is None:
            return None
        group = [first]
        while len(group) < _GROUP:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                break
            if work is None:
                self._queue.put(None)
                break
            group.append(work)
        return group


def _in_loop(loop: asyncio.AbstractEventLoop, told: Callable[[], None]) -> None:
    """Call a function in an event loop from another thread; does nothing if the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(told)


def _run_reading(database: Database, work: _Work) -> None:
    """Run a function outside of any transaction."""
    try:
        work.run(database)
    except BaseException as error:
        if _is_damage(error):
            raise
        work.fail(_translated(error))
    else:
        work.tell()


def _run_in_one_transaction(database: Database, group: list[_Work]) -> None:
    """Run a group of writes and commit them together; resolves every future in any case."""
    try:
        database.conn.execute("BEGIN IMMEDIATE")
        done = [work for work in group if _run_in_savepoint(database, work)]
        database.conn.execute("COMMIT")
    except sqlite3.Error as error:
        if database.conn.in_transaction:
            database.conn.execute("ROLLBACK")
        if _is_damage(error):
            raise
        for work in group:
            if not work.done:
                work.fail(_translated(error))
        return
    for work in done:
        work.tell()


def _run_in_savepoint(database: Database, work: _Work) -> bool:
    """Run one write; its failure rolls back only this write, unless SQLite rolled back the whole transaction."""
    try:
        with database.atomic():
            work.run(database)
    except BaseException as error:
        if _is_damage(error):
            raise
        work.fail(_translated(error))
        if not database.conn.in_transaction or _spoils_all(error):
            raise sqlite3.OperationalError(f"the transaction was given up: {error}") from error
        return False
    return True


def _spoils_all(error: BaseException) -> bool:
    """Whether rolling back one write alone is no longer reliable because the disk failed during it."""
    return isinstance(error, sqlite3.Error) and (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _SPOILING


def _is_damage(error: BaseException) -> bool:
    """Whether the file itself is corrupt: further writes may be lost or cause more damage."""
    return isinstance(error, sqlite3.Error) and (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGE


def _damaged(error: BaseException) -> DamagedError:
    return DamagedError(
        f"The database is damaged ({error}). Put the last backup back: `python -m bot restore FILE`; "
        "`python -m bot doctor` tells more."
    )


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, sqlite3.Error):
        translated = StoreError(f"The database could not do it: {error}.")
        translated.__cause__ = error
        return translated
    return error
