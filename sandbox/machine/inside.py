"""What is done to a process before it becomes the bot: another disk, another clock, slow commits.

The clock and the commits follow a small file, which whoever started the process writes anew while it runs.
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
    """Do all that this process's environment asks for; it must still have a single thread."""
    if holder := os.environ.get(NAMESPACE):
        namespaces.join(int(holder))
        bind(os.getppid())  # joining took that off
    if path := os.environ.get(CONTROL):
        control = _Control(Path(path))
        _slow_down(lambda: control.read("commit_s"))
        clock = _Clock(control)
        clock.follow()
        threading.Thread(target=clock.follow_for_ever, name="odd-clock", daemon=True).start()


class _Control:
    """The followed file: numbers by name, 0 for one that it does not name."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> float:
        """One number, as it is now."""
        try:
            return float(json.loads(self._path.read_text()).get(name, 0))
        except FileNotFoundError:
            return 0.0


class _Clock:
    """Sets the wall clock by what the file says; monotonic time goes on as ever."""

    def __init__(self, control: _Control) -> None:
        self._control = control
        self._traveller: time_machine.Traveller | None = None
        self._shown_s = 0.0

    def follow(self) -> None:
        """Set it once."""
        wanted_s = self._control.read("clock_s")
        if wanted_s == self._shown_s:
            return
        if self._traveller is None:
            self._traveller = time_machine.travel(dt.datetime.now(dt.UTC), tick=True).start()
        self._traveller.shift(wanted_s - self._shown_s)
        self._shown_s = wanted_s

    def follow_for_ever(self) -> None:
        """Set it whenever the file says something else."""
        while True:
            time.sleep(_LOOK_EVERY_S)
            self.follow()


def _slow_down(seconds: Callable[[], float]) -> None:
    """Let everything that forces data to disk take so long: commits, and files that are synced."""
    connect, fsync = sqlite3.connect, os.fsync

    class SlowConnection(sqlite3.Connection):
        """A connection to a database on a slow disk."""

        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            """Execute it; a commit takes its time."""
            if sql.startswith("COMMIT"):
                time.sleep(seconds())
            return super().execute(sql, parameters)

    def slow_connect(*args: Any, **options: Any) -> sqlite3.Connection:
        return connect(*args, factory=SlowConnection, **options)

    def slow_fsync(fd: Any) -> None:
        time.sleep(seconds())
        fsync(fd)

    sqlite3.connect = slow_connect  # type: ignore[assignment]  # the very purpose
    os.fsync = slow_fsync
