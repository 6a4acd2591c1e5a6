"""The bot as a child process: started with a clean environment, stopped or killed, and always cleaned up."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

REPOSITORY = Path(__file__).resolve().parent.parent
_LEASH = Path(__file__).with_name("parent_watch.py")
# Variables that a Python program needs. All others are dropped, so that a developer's own DISCORD_TOKEN or proxy can
# never reach a bot that is meant for the stand-ins.
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")
_TAIL_BYTES = 64 * 1024


class Process(Protocol):
    """The interface of a running program; `asyncio.subprocess.Process` implements it."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    @property
    def returncode(self) -> int | None:
        """Exit code: None while it runs, negative for a signal."""
        ...

    def kill(self) -> None:
        """Send SIGKILL."""
        ...

    def terminate(self) -> None:
        """Send SIGTERM."""
        ...

    async def wait(self) -> int:
        """Wait until it exits; returns `returncode`."""
        ...


Launch = Callable[[Mapping[str, str], str, IO[bytes]], Awaitable[Process]]
"""Starts a program, given its whole environment, working directory and output file."""


def program(*command: str) -> Launch:
    """Launches a program on this machine that is killed when its parent process dies."""

    async def launch(env: Mapping[str, str], cwd: str, log: IO[bytes]) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-E", str(_LEASH), str(os.getpid())),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=env,
            cwd=cwd,
        )

    return launch


def clean_environment(env: Mapping[str, str]) -> dict[str, str]:
    """These variables, plus only those of the parent's environment that a Python program needs."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", **env}


class BotProcess:
    """Consecutive runs of ``python -m bot run``; a context manager that ends the last process on exit.

    ``env`` is added to a minimal environment; ``log_path`` receives the output of all runs, appended; ``launch`` starts
    another program instead; ``listeners`` are called whenever a process has started or ended.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        log_path: Path,
        launch: Launch | None = None,
    ) -> None:
        self.env = dict(env)
        self.log_path = log_path
        self.starts = 0
        self.state = "not started"
        self.listeners: list[Callable[[], None]] = []
        self._launch = launch or program(sys.executable, "-m", "bot", "run")
        self._process: Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        # The bot reads .env in its working directory: an empty directory keeps the developer's file out.
        self._workdir = tempfile.TemporaryDirectory(prefix="sandbox-bot-")
        self._last_signal = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        try:
            await self.stop()
        finally:
            self._workdir.cleanup()

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process id of the latest run."""
        return None if self._process is None else self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit code of the latest run: None while it runs, negative for a signal."""
        return None if self._process is None else self._process.returncode

    @property
    def output(self) -> list[str]:
        """The last lines of output, over all runs."""
        if not self.log_path.exists():
            return []
        with self.log_path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return lines[1:] if size > _TAIL_BYTES else lines  # the first one may be truncated

    async def start(self) -> None:
        """Start the bot; it must not be running."""
        if self.alive:
            raise RuntimeError("the bot is already running")
        environment = clean_environment(self.env)
        # The child writes to the file itself: no pipe can fill up, and nothing is lost when either process is killed.
        with await asyncio.to_thread(self.log_path.open, "ab") as log:
            self._process = await self._launch(environment, self._workdir.name, log)
        self.starts += 1
        self._last_signal = ""
        self._changed("running")
        self._watcher = asyncio.create_task(self._watch(self._process), name=f"bot process {self._process.pid}")

    async def kill(self) -> None:
        """Kill the bot (SIGKILL), as in a crash or power cut; does nothing if it isn't running."""
        if self._process is not None and self.alive:
            self._last_signal = "killed"
            self._process.kill()
        await self.wait()

    async def stop(self, timeout_s: float = 10) -> None:
        """Stop the bot (SIGTERM) and wait; kill it if it hasn't exited within ``timeout_s`` seconds."""
        if self._process is not None and self.alive:
            self._last_signal = "stopped"
            self._process.terminate()
            try:
                async with asyncio.timeout(timeout_s):
                    await self.wait()
            except TimeoutError:
                await self.kill()
        await self.wait()

    async def wait(self) -> int | None:
        """Wait until the latest run has exited and return its exit code; None if there was none."""
        if self._watcher is not None:
            await asyncio.shield(self._watcher)
        return self.returncode

    async def _watch(self, process: Process) -> None:
        code = await process.wait()
        self._changed(self._last_signal or f"ended by itself, exit code {code}")

    def _changed(self, state: str) -> None:
        self.state = state
        for listener in tuple(self.listeners):
            listener()
