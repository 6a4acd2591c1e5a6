"""SIGTERM and SIGINT: the first asks for an orderly stop, which has its time; another one ends the process at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from types import FrameType
from typing import Final

from bot.clock import Clock
from bot.ops.watchdog import Watchdog

log = logging.getLogger(__name__)

STOP_S: Final = 8.5
"""After so long a stop ends as a kill would, which loses nothing either: whoever asked waits 10 s, hosts 30 s."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_SAME_REQUEST_S: Final = 1.0
"""Two signals within this are one request: some hosts signal each process, and a supervisor passes its own on."""


class StopSignals:
    """Listens from the moment it is made, which has to be in the main thread, with the event loop running.

    `asked` is set when somebody asks to stop. From then on a stop has its time, as one by itself has (`begin_stop`).
    `follows` is the reading end of a pipe that ends with whoever started us: then nobody is left to stop us.
    """

    def __init__(self, clock: Clock, watchdog: Watchdog, *, follows: int | None = None, stop_s: float = STOP_S) -> None:
        self.asked = asyncio.Event()
        self._clock = clock
        self._watchdog = watchdog
        self._loop = asyncio.get_running_loop()
        self._asked_at_s: float | None = None
        self._stop_s = stop_s
        watchdog.watch()
        # The loop's own handlers would wait for the loop, which may be what stands still.
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        watchdog.heed(_SIGNALS, stop_s)
        if follows is not None:
            self._loop.add_reader(follows, self._on_end, follows)

    def begin_stop(self) -> None:
        """Give a stop its time that nobody asked for."""
        self._watchdog.end_within(self._stop_s, exit_code=1)

    def _on_end(self, pipe: int) -> None:
        self._loop.remove_reader(pipe)
        log.warning("supervisor_gone")
        self._on_signal(signal.SIGTERM, None)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Runs between any two steps of the main thread, so it neither logs nor takes a lock."""
        now_s = self._clock.monotonic()
        if self._asked_at_s is None:
            self._asked_at_s = now_s
            self._watchdog.end_within(self._stop_s, exit_code=0)
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self.asked.set)
        elif now_s - self._asked_at_s > _SAME_REQUEST_S:
            os.write(2, b"imagine-bot: asked again to stop: ending at once\n")
            os._exit(128 + number)
