"""Progress on a terminal: one line that counts seconds, or plain lines if it isn't a terminal."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol, TextIO

from bot.clock import Clock

_TICK_S: Final = 0.2
_SPINNER: Final = "|/-\\"
_CLEAR_LINE: Final = "\r\x1b[K"


class Progress(Protocol):
    """Receives the steps of the work."""

    def step(self, text: str) -> None:
        """Report a new step; repeated reports of the same step are ignored."""
        ...


class TerminalProgress:
    """Writes steps with the seconds since the start; on a TTY the last line updates itself."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._started = clock.monotonic()
        self._text = ""
        self._live = stream.isatty()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._clock.monotonic() - self._started

    def step(self, text: str) -> None:
        """Show a new step."""
        if text == self._text:
            return
        self._text = text
        if self._live:
            self._draw(0)
        else:
            self._write(f"{self.elapsed_s:5.1f} s  {text}\n")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the line updated during the work, and clear it at the end."""
        ticker = asyncio.create_task(self._tick(), name="progress") if self._live else None
        try:
            yield
        finally:
            if ticker is not None:
                ticker.cancel()
                self._write(_CLEAR_LINE)

    async def _tick(self) -> None:
        turn = 0
        while True:
            await self._clock.sleep(_TICK_S)
            turn += 1
            self._draw(turn)

    def _draw(self, turn: int) -> None:
        line = f"{_SPINNER[turn % len(_SPINNER)]} {self.elapsed_s:5.1f} s  {self._text}"
        # A wrapped line can't be cleared.
        self._write(_CLEAR_LINE + line[: shutil.get_terminal_size().columns - 1])

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
