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

from sandbox.leash import bind
from sandbox.machine import namespaces

NAMESPACE = "SANDBOX_NAMESPACE"
"""The variable with the process id of a small disk's holder."""
CONTROL = "SANDBOX_CONTROL"
"""The variable with the path of the file that is followed."""
_LOOK_EVERY_S = 0.02


def prepare() -> None:
    """Do all that this process's environment asks for; it must still have a single thread."""
    if holder := os.environ.get(NAMESPACE):
        namespaces.join(int(holder))
        bind(os.getppid())  # joining took that off
    if path := os.environ.get(CONTROL):
        control = _Control(Path(path))
        _slow_down(lambda: control.read("commit_s"))
        threading.Thread(target=_keep_clock, args=(control,), name="odd-clock", daemon=True).start()


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


def _keep_clock(control: _Control) -> None:
    """Set the clock by what the file says; monotonic time goes on as ever."""
    import time_machine  # noqa: PLC0415 - a tool of development, which a holder of disks does without

    traveller, shown_s = None, 0.0
    while True:
        wanted_s = control.read("clock_s")
        if wanted_s != shown_s:
            if traveller is None:
                traveller = time_machine.travel(dt.datetime.now(dt.UTC), tick=True).start()
            traveller.shift(wanted_s - shown_s)
            shown_s = wanted_s
        time.sleep(_LOOK_EVERY_S)


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
