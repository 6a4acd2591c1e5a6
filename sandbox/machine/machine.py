"""The faults of the bot's machine, switched from outside while it runs."""

import contextlib
import json
import resource
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.bot_process import Launch, program
from sandbox.machine.small_disk import SmallDisk

NAMESPACE = "SANDBOX_NAMESPACE"
"""The environment variable with the process id of a small disk's holder."""
CONTROL = "SANDBOX_CONTROL"
"""The environment variable with the path of the control file that the bot follows."""


class Machine:
    """A context manager that the sandbox enters; `disk_bytes` gives the bot's data a disk of that size.

    What is switched also applies to processes started later, except file size limits.
    """

    def __init__(self, *, disk_bytes: int | None = None) -> None:
        self.disk: SmallDisk | None = None
        self._disk_bytes = disk_bytes
        self._stack = contextlib.ExitStack()
        self._control = Path()
        self._told: dict[str, float] = {}
        self.clock_s = 0.0
        """Seconds by which the bot's clock is ahead."""
        self.farthest_s = 0.0
        """The largest value that `clock_s` has had."""

    def begin(self, data_dir: Path) -> Self:
        """Set up for a bot with this data directory; raises OSError if the disk can't be made."""
        self._control = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-machine-"))) / "now"
        if self._disk_bytes is not None:
            self.disk = self._stack.enter_context(SmallDisk(data_dir, self._disk_bytes))
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def env(self) -> dict[str, str]:
        """Environment variables for a process on this machine."""
        return {CONTROL: str(self._control)} | ({NAMESPACE: str(self.disk.pid)} if self.disk is not None else {})

    @property
    def launch(self) -> Launch:
        """Starts the bot on this machine."""
        return program(sys.executable, "-m", "sandbox.machine", "run")

    def set_clock(self, seconds: float) -> None:
        """Set the bot's clock this many seconds ahead of the real one (negative: behind); it jumps immediately."""
        self.clock_s, self.farthest_s = seconds, max(seconds, self.farthest_s)
        self._tell(clock_s=seconds)

    def slow_commits(self, seconds: float) -> None:
        """Delay everything that is forced to disk by this many seconds."""
        self._tell(commit_s=seconds)

    @staticmethod
    def limit_files(pid: int, largest_bytes: int | None) -> None:
        """Limit the size up to which a running process may write files; None removes the limit.

        With 0 every write fails, as on a read-only disk. Raises ProcessLookupError if the process has exited.
        """
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if largest_bytes is None else largest_bytes, most))

    def _tell(self, **numbers: float) -> None:
        self._told |= numbers
        part = self._control.with_suffix(".part")
        part.write_text(json.dumps(self._told))
        part.replace(self._control)
