"""One thread that owns the writing connection and commits in groups; callers await a future.

A write is a function of the connection. Those that wait at the same moment share one `BEGIN IMMEDIATE … COMMIT`, each
inside a savepoint of its own, so one fsync pays for all of them and a failing write takes nobody else with it.
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
"""The most writes that share one commit; bounds how long the first of them waits."""


class _Work:
    """One function to run on the thread, what came of it, and the future of whoever waits for that in an event loop."""

    __slots__ = ("_error", "_future", "_loop", "_result", "done", "function")

    def __init__(self, function: Callable[[Database], Any]) -> None:
        self.function = function
        self.done = False
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[Any] = self._loop.create_future()
        self._result: Any = None
        self._error: BaseException | None = None

    async def wait(self) -> Any:
        """What the function returned or raised."""
        return await self._future

    def run(self, database: Database) -> None:
        """Run the function; nobody is told of its result before `tell`."""
        self._result = self.function(database)

    def tell(self) -> None:
        """Tell the function's result."""
        self.done = True
        _in_loop(self._loop, self._resolve)

    def fail(self, error: BaseException) -> None:
        """Tell why there is none."""
        self.done, self._error = True, error
        _in_loop(self._loop, self._resolve)

    def _resolve(self) -> None:
        if self._future.done():
            return  # whoever asked was cancelled; what was promised to the queue is done all the same
        if self._error is not None:
            self._future.set_exception(self._error)
        else:
            self._future.set_result(self._result)


class DatabaseThread:
    """A thread with a connection of its own, opened by `open_database` in it.

    What waits at the same moment is run as one group; `grouped` makes a group one transaction, for the writer.
    `on_death` is called, in the event loop, with what ended the thread; it answers nothing but errors from then on.
    An error of one function, or of one transaction, ends nothing.
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
        """The number of the group of functions that is being run; for what they may share."""

    async def start(self) -> None:
        """Open the connection in the thread; raises what opening it raises."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        await asyncio.wrap_future(self._ready)

    async def run(self, function: Callable[[Database], T]) -> T:
        """Run a function on the thread: in a transaction if this is the writer. Raises StoreError for SQLite's errors.

        A caller that is cancelled leaves its write to be carried out: what was promised to the queue is done.
        """
        if self._closed:
            raise StoreError("The database is closed.")
        work = _Work(function)
        self._queue.put(work)
        result: T = await work.wait()
        return result

    async def close(self) -> None:
        """Finish what was queued, then close the connection and end the thread."""
        if self._closed or not self._thread.is_alive():
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _main(self) -> None:
        try:
            database = self._open_database()
        except BaseException as error:  # noqa: BLE001 - handed over whole to the caller of start()
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
            # A connection in an unknown state writes nothing more; nobody waits for ever for an answer, though.
            log.critical("database_thread_died", extra={"name_of_thread": self._thread.name}, exc_info=True)
            cause = _damaged(error) if _is_damage(error) else error
            for told in self._on_death:
                _in_loop(self._loop, partial(told, cause))
            self._refuse(group or [], cause)
        finally:
            database.close()

    def _refuse(self, group: list[_Work], cause: BaseException) -> None:
        """Answer everything with an error, until the end is asked for."""
        refusal = StoreError(f"The database thread ended: {cause}.")
        waiting: list[_Work] | None = group
        while waiting is not None:
            for work in waiting:
                if not work.done:
                    work.fail(refusal)
            waiting = self._next_group()

    def _next_group(self) -> list[_Work] | None:
        """Wait for work; None at the end. The end mark is put back when it arrives behind work."""
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
    """Call a function in an event loop, from another thread; nothing is left to be told once the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(told)


def _run_reading(database: Database, work: _Work) -> None:
    """Run a function outside of any transaction of ours."""
    try:
        work.run(database)
    except BaseException as error:
        if _is_damage(error):
            raise
        work.fail(_translated(error))
    else:
        work.tell()


def _run_in_one_transaction(database: Database, group: list[_Work]) -> None:
    """Run a group of writes and commit them together; resolves every future, whatever happens."""
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
    """Run one write; its failure undoes it alone, unless SQLite gave up the whole transaction."""
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
    """Whether undoing one write alone cannot be relied on any more: the disk failed in the middle of it."""
    return isinstance(error, sqlite3.Error) and (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _SPOILING


def _is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken: whatever is written to it from here on may be lost, or break more."""
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
