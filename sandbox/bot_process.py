"""The bot as a child process: started with a clean environment, killed, stopped, and never left behind."""

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
# What a Python program needs from its surroundings. Everything else is left out, so that a developer's own
# DISCORD_TOKEN or a proxy can never reach a bot that is meant for the stand-ins.
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")
_TAIL_BYTES = 64 * 1024


class Process(Protocol):
    """What is asked of a running program; `asyncio.subprocess.Process` is one."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    @property
    def returncode(self) -> int | None:
        """How it ended: None while it runs, negative for a signal."""
        ...

    def kill(self) -> None:
        """SIGKILL."""
        ...

    def terminate(self) -> None:
        """SIGTERM."""
        ...

    async def wait(self) -> int:
        """Wait for its end; the same as `returncode`."""
        ...


Launch = Callable[[Mapping[str, str], str, IO[bytes]], Awaitable[Process]]
"""Starts a program: its whole environment, its working directory, where its output goes."""


def program(*command: str) -> Launch:
    """A program of this machine, which dies with the process that started it."""

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
    """The environment of a program of this repository: these variables, and of the surroundings only what it needs."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", **env}


class BotProcess:
    """One run after another of ``python -m bot run``; as a context manager it takes its last process along.

    ``env`` is what the bot is told beside a minimal environment; ``log_path`` receives its output, appended over all
    runs; ``launch`` starts another program in its place; ``listeners`` are called whenever a process has started or
    ended.
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
        # The bot reads .env in its working directory: an empty one of its own keeps the developer's file out.
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
        """Whether a process runs at this moment."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process id of the latest run."""
        return None if self._process is None else self._process.pid

    @property
    def returncode(self) -> int | None:
        """How the latest run ended: None while it runs, negative for a signal."""
        return None if self._process is None else self._process.returncode

    @property
    def output(self) -> list[str]:
        """The last lines that the bot wrote, over all runs."""
        if not self.log_path.exists():
            return []
        with self.log_path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return lines[1:] if size > _TAIL_BYTES else lines  # the first one may be cut in its middle

    async def start(self) -> None:
        """Start the bot; it must not be running."""
        if self.alive:
            raise RuntimeError("the bot is already running")
        environment = clean_environment(self.env)
        # The child writes into the file itself: no pipe that fills up, and nothing is lost when either side is killed.
        with await asyncio.to_thread(self.log_path.open, "ab") as log:
            self._process = await self._launch(environment, self._workdir.name, log)
        self.starts += 1
        self._last_signal = ""
        self._changed("running")
        self._watcher = asyncio.create_task(self._watch(self._process), name=f"bot process {self._process.pid}")

    async def kill(self) -> None:
        """End the bot at once (SIGKILL), as a crash or a power cut would; nothing happens when it is not running."""
        if self._process is not None and self.alive:
            self._last_signal = "killed"
            self._process.kill()
        await self.wait()

    async def stop(self, timeout_s: float = 10) -> None:
        """Ask the bot to end (SIGTERM) and wait; kill it when it has not within ``timeout_s``."""
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
        """Wait until the latest run has ended and return its exit code; None when there was none."""
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
