"""Set up a process before it becomes the bot: another disk, another clock, slow commits.

The clock and the commits follow a small control file, which the parent process rewrites at run time.
"""

import datetime as dt
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import time_machine

from sandbox.machine import namespaces
from sandbox.machine.machine import CONTROL, NAMESPACE
from sandbox.parent_watch import bind

_LOOK_EVERY_S = 0.02


def prepare() -> None:
    """Apply all that this process's environment requests; it must still be single-threaded."""
    if holder := os.environ.get(NAMESPACE):
        namespaces.join(int(holder))
        bind(os.getppid())  # joining cleared PR_SET_PDEATHSIG
    if path := os.environ.get(CONTROL):
        control = _Control(Path(path))
        _slow_down(lambda: control.read("commit_s"))
        clock = _Clock(control)
        clock.follow()
        threading.Thread(target=clock.follow_for_ever, name="odd-clock", daemon=True).start()


class _Control:
    """The control file: numbers by name; a missing one is 0."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> float:
        """The current value of one number."""
        try:
            return float(json.loads(self._path.read_text()).get(name, 0))
        except FileNotFoundError:
            return 0.0


class _Clock:
    """Shifts the wall clock by the control file's offset; monotonic time is unaffected."""

    def __init__(self, control: _Control) -> None:
        self._control = control
        self._traveller: time_machine.Traveller | None = None
        self._shown_s = 0.0

    def follow(self) -> None:
        """Apply the current offset once."""
        wanted_s = self._control.read("clock_s")
        if wanted_s == self._shown_s:
            return
        if self._traveller is None:
            self._traveller = time_machine.travel(dt.datetime.now(dt.UTC), tick=True).start()
        self._traveller.shift(wanted_s - self._shown_s)
        self._shown_s = wanted_s

    def follow_for_ever(self) -> None:
        """Apply the offset whenever the control file changes."""
        while True:
            time.sleep(_LOOK_EVERY_S)
            self.follow()


def _slow_down(seconds: Callable[[], float]) -> None:
    """Delay everything that forces data to disk by this many seconds: commits and fsync."""
    connect, fsync = sqlite3.connect, os.fsync

    class SlowConnection(sqlite3.Connection):
        """A connection to a database on a slow disk."""

        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            """Execute a statement; delay a commit."""
            if sql.startswith("COMMIT"):
                time.sleep(seconds())
            return super().execute(sql, parameters)

    def slow_connect(*args: Any, **options: Any) -> sqlite3.Connection:
        return connect(*args, factory=SlowConnection, **options)

    def slow_fsync(fd: Any) -> None:
        time.sleep(seconds())
        fsync(fd)

    sqlite3.connect = slow_connect  # type: ignore[assignment]  # replaced for the whole process
    os.fsync = slow_fsync
