"""A small in-memory disk for the bot's data, which can be filled and cleared while in use."""

import functools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.bot_process import REPOSITORY

_BALLAST = ".ballast"
_PROBE_BYTES = 1024 * 1024


class SmallDisk:
    """Mounted over a directory for its holder and processes that join it; others see the directory unchanged.

    Raises OSError if this machine can't: it needs Linux with user namespaces.
    """

    def __init__(self, directory: Path, size_bytes: int) -> None:
        self.directory = directory
        self._size_bytes = size_bytes
        self._holder: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-S",
            "-m",
            "sandbox.machine.namespace_holder",
            str(self.directory),
            str(self._size_bytes),
        ]
        self._holder = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self._read() != "ready":
            _, why = self._holder.communicate()
            self._holder = None
            raise OSError(why.strip() or "the holder of the small disk did not start")
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._holder is not None:
            self._holder.communicate()
            self._holder = None

    @property
    def pid(self) -> int:
        """The process whose namespaces show the disk."""
        return self._process.pid

    @property
    def _process(self) -> subprocess.Popen[str]:
        if self._holder is None:
            raise RuntimeError("use a small disk as a context manager")
        return self._holder

    @property
    def outside(self) -> Path:
        """A path by which any process can access its files. Not for SQLite, which resolves links: see `rows`."""
        return Path(f"/proc/{self.pid}/root{self.directory.resolve()}")

    @property
    def free_bytes(self) -> int:
        """Free space in bytes."""
        told = os.statvfs(self.outside)
        return told.f_bavail * told.f_frsize

    def fill(self, leave_bytes: int = 0) -> None:
        """Fill the disk until this many bytes are free."""
        self.clear()
        ballast = max(0, self.free_bytes - leave_bytes)
        with (self.outside / _BALLAST).open("wb") as file:
            if ballast:
                os.posix_fallocate(file.fileno(), 0, ballast)

    def clear(self) -> None:
        """Free the space that `fill` took."""
        (self.outside / _BALLAST).unlink(missing_ok=True)

    def rows(self, database: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a database on the disk. Raises sqlite3.OperationalError with SQLite's message."""
        request = {"database": str(self.directory / database), "sql": sql, "parameters": parameters}
        if (asked := self._process.stdin) is not None:
            asked.write(json.dumps(request) + "\n")
            asked.flush()
        answer = self._read()
        if not isinstance(answer, dict) or "error" in answer:
            raise sqlite3.OperationalError(answer["error"] if isinstance(answer, dict) else "the small disk is gone")
        return [tuple(row) for row in answer["rows"]]

    def _read(self) -> Any:
        answers = self._process.stdout
        line = answers.readline() if answers is not None else ""
        return json.loads(line) if line else None


@functools.cache
def why_no_small_disk() -> str:
    """Why this machine can't have a small disk, or ""."""
    if sys.platform != "linux":
        return "small disks take Linux"
    try:
        with tempfile.TemporaryDirectory(prefix="sandbox-disk-") as directory, SmallDisk(Path(directory), _PROBE_BYTES):
            return ""
    except OSError as error:
        return f"no small disk on this machine: {error}"
