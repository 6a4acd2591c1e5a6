"""Starts, asks and ends the child process that matches word rules."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

log = logging.getLogger(__name__)

_ROOT: Final = Path(__file__).resolve().parents[2]
COMMAND: Final = (sys.executable, "-m", "bot.services.word_worker")
_ANSWERS_WITHIN_S: Final = 20.0
"""Of real time, start included. The child ends itself earlier; this is for one that is stopped or never starts."""


class WorkerLostError(Exception):
    """The child process gave no answer: it ended, or had to be killed, or could not be started."""


class WordProcess:
    """One child process, started when it is first asked. Ask one question at a time."""

    def __init__(self, command: Sequence[str] = COMMAND, *, answers_within_s: float = _ANSWERS_WITHIN_S) -> None:
        self._command = command
        self._answers_within_s = answers_within_s
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return self._process.pid if self._process is not None else None

    async def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The child's answer; raises WorkerLostError where there is none, and the next question starts another one."""
        try:
            async with asyncio.timeout(self._answers_within_s):
                reply: dict[str, Any] = json.loads(await self._line(json.dumps(question).encode() + b"\n"))
        except (OSError, TimeoutError, ValueError) as error:
            exit_code = await self.stop()
            log.warning("word_worker_lost", extra={"reason": type(error).__name__, "exit_code": exit_code})
            raise WorkerLostError(str(error)) from None
        except BaseException:
            await self.stop()  # cancelled amid an answer, which the next question would take for its own
            raise
        if reply.pop("retires", False):
            await self.stop()
        return reply

    async def _line(self, question: bytes) -> bytes:
        if self._process is None or self._process.returncode is not None:
            self._process = await self._started()
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        process.stdin.write(question)
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the child process ended")
        return line

    async def _started(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            cwd=_ROOT,
            env=_environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def stop(self) -> int | None:
        """End the child, if there is one; returns its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()


def _environment() -> dict[str, str]:
    """What the child needs of our environment: none of the bot's secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}
