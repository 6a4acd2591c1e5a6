"""SIGTERM and SIGINT: the first requests a graceful stop with a time limit; a second one ends the process at once."""

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
"""After this time a stop ends like a kill, which loses nothing: the sender typically waits 10 s, hosts 30 s."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_SAME_REQUEST_S: Final = 1.0
"""Two signals within this time count as one: some hosts signal each process, and a supervisor passes its own on."""


class StopSignals:
    """Handles signals from construction on, which must be in the main thread with the event loop running.

    `asked` is set when a stop is requested. From then on the stop has a time limit, as one without a signal has
    (`begin_stop`). `follows` is the reading end of a pipe that closes when the supervisor dies; then the bot stops.
    """

    def __init__(self, clock: Clock, watchdog: Watchdog, *, follows: int | None = None, stop_s: float = STOP_S) -> None:
        self.asked = asyncio.Event()
        self._clock = clock
        self._watchdog = watchdog
        self._loop = asyncio.get_running_loop()
        self._asked_at_s: float | None = None
        self._stop_s = stop_s
        watchdog.watch()
        # The loop's own handlers would wait for the loop, which may be what is blocked.
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        watchdog.heed(_SIGNALS, stop_s)
        if follows is not None:
            self._loop.add_reader(follows, self._on_end, follows)

    def begin_stop(self) -> None:
        """Start the time limit of a stop that no signal requested."""
        self._watchdog.end_within(self._stop_s, exit_code=1)

    def _on_end(self, pipe: int) -> None:
        self._loop.remove_reader(pipe)
        log.warning("supervisor_gone")
        self._on_signal(signal.SIGTERM, None)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Runs between any two steps of the main thread, so it must neither log nor take a lock."""
        now_s = self._clock.monotonic()
        if self._asked_at_s is None:
            self._asked_at_s = now_s
            self._watchdog.end_within(self._stop_s, exit_code=0)
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self.asked.set)
        elif now_s - self._asked_at_s > _SAME_REQUEST_S:
            os.write(2, b"imagine-bot: asked again to stop: ending at once\n")
            os._exit(128 + number)
