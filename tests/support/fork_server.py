"""Fast bot processes for tests: forked from a server process that has imported all libraries and started nothing.

Importing libraries takes most of a bot's start time, and the tests start hundreds of bots. A forked bot is a separate
process with its own environment, working directory, output and exit code, and can be killed by SIGKILL. The tests of
the sandbox, the page and the commands start ``python -m bot`` itself.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NoReturn

from PIL import Image

from sandbox.bot_process import REPOSITORY, clean_environment

_PR_SET_PDEATHSIG: Final = 1
_LARGEST_REQUEST: Final = 256 * 1024


class ForkServer:
    """The process that bots are forked from; started on first use, ended with the test process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="nursery-")
        self._path = Path(self._folder.name) / "socket"

    async def launch(self, env: Mapping[str, str], cwd: str, log: IO[bytes]) -> ForkedBot:
        """Start ``python -m bot run`` with only this environment; stdout and stderr go to the log file."""
        if self._process is None:
            self._start()  # in this thread: PR_SET_PDEATHSIG fires when the thread that started the process ends
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(self._path))
        request = json.dumps({"env": dict(env), "cwd": cwd}).encode()
        socket.send_fds(connection, [request + b"\n"], [log.fileno()])
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        return ForkedBot(int(await reader.readline()), reader, writer)

    def _start(self) -> None:
        command = [sys.executable, "-m", "tests.support.fork_server", str(self._path), str(os.getpid())]
        self._process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=clean_environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        atexit.register(self._stop)
        assert self._process.stdout is not None
        with self._process.stdout as said:
            if said.readline() != b"ready\n":
                raise RuntimeError("the nursery did not start")

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


@dataclass
class ForkedBot:
    """A forked bot with the interface of `asyncio.subprocess.Process`."""

    pid: int
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    returncode: int | None = field(default=None, init=False)

    async def wait(self) -> int:
        """Wait for the exit code; negative for a signal."""
        if self.returncode is None:
            self.returncode = int(await self._reader.readline())
            self._writer.close()
            await self._writer.wait_closed()
        return self.returncode

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def send_signal(self, number: int) -> None:
        """Send another signal; does nothing if the process has just ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


NURSERY: Final = ForkServer()
"""One for all tests of a process."""


def _die_with(parent_pid: int) -> None:
    """End this process when its parent ends, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def _become_bot(env: dict[str, str], cwd: str, log: int) -> NoReturn:
    """In the forked child: become ``python -m bot run``."""
    os.setsid()
    for target in (1, 2):
        os.dup2(log, target)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    from sandbox.machine.inside import prepare  # noqa: PLC0415 - the same

    prepare()
    sys.argv = ["bot", "run"]
    from bot.__main__ import entry  # noqa: PLC0415 - imported by the parent before

    code = 1
    try:
        entry()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        _leave(code)


def _leave(code: int) -> NoReturn:
    """Exit like a Python process but without interpreter teardown, which would copy most of the shared memory."""
    threading._shutdown()  # type: ignore[attr-defined] # the first step of interpreter shutdown
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _serve(listener: socket.socket) -> None:
    """Fork on request; report the process id, and later the exit code, to the requester."""
    waker, wakes = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    callers: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(wakes, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is wakes:
                    wakes.recv(64)
                    _bury(callers)
                else:
                    _bear(listener, callers)


def _bear(listener: socket.socket, callers: dict[int, socket.socket]) -> None:
    caller, _ = listener.accept()
    text, fds, _, _ = socket.recv_fds(caller, _LARGEST_REQUEST, 1)
    request = json.loads(text)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _die_with(parent)
        for other in (listener, caller, *callers.values()):
            other.close()
        _become_bot(request["env"], request["cwd"], fds[0])
    os.close(fds[0])
    callers[pid] = caller
    caller.sendall(b"%d\n" % pid)


def _bury(callers: dict[int, socket.socket]) -> None:
    for pid in tuple(callers):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with callers.pop(pid) as caller:
                caller.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def main() -> None:
    """Import and load what every bot needs, then serve."""
    path, parent_pid = sys.argv[1], int(sys.argv[2])
    _die_with(parent_pid)
    import bot.__main__  # noqa: PLC0415
    import bot.app  # noqa: F401, PLC0415
    import sandbox.machine.inside  # noqa: F401, PLC0415
    from bot.client import EXTENSIONS  # noqa: PLC0415
    from bot.localization.catalogue import LOCALES, words_for  # noqa: PLC0415

    for extension in EXTENSIONS:  # a bot calls them again for its own imports
        importlib.import_module(extension)
    for locale in LOCALES:
        words_for(locale)
    Image.init()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(16)
    os.write(1, b"ready\n")
    _serve(listener)


if __name__ == "__main__":
    main()
