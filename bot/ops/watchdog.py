"""The watchdog: a thread that reports a blocked event loop, and ends a process that can't end by itself.

It receives signals itself because the main thread may be blocked in a library. If no Python thread can run at all, a
kernel timer ends the process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Collection
from types import FrameType, TracebackType
from typing import Final, Self

from bot.clock import Clock

log = logging.getLogger(__name__)

EXIT_STUCK: Final = 70
"""The exit code of a process whose event loop stayed blocked; 70 is "internal software error" in sysexits.h."""

_EVERY_S: Final = 0.5
_STUCK_S: Final = 5.0
_HOPELESS_S: Final = 60.0
_ASLEEP_S: Final = 2.0
"""If the watchdog wakes up later than this, the whole process was suspended (SIGSTOP, a frozen machine)."""
_SAYING_S: Final = 0.5
_LAST_S: Final = 1.0
"""The kernel timer fires this long after the deadline of a stop."""
_FRAMES: Final = 12
_NAMES: Final = 20


def _alarm(seconds: float) -> None:
    """Make the kernel end this process by SIGALRM after a time; SIGALRM has no handler here."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


class Watchdog:
    """Watches while it is entered. `end` ends the process at once; recorded state is not lost by that."""

    def __init__(
        self,
        clock: Clock,
        *,
        every_s: float = _EVERY_S,
        stuck_s: float = _STUCK_S,
        hopeless_s: float = _HOPELESS_S,
        last_s: float = _LAST_S,
        end: Callable[[int], object] = os._exit,
        alarm: Callable[[float], object] = _alarm,
    ) -> None:
        self._clock = clock
        self._every_s = every_s
        self._stuck_s = stuck_s
        self._hopeless_s = hopeless_s
        self._last_s = last_s
        self._end = end
        self._alarm = alarm
        self._heard, self._hears = os.pipe()
        os.set_blocking(self._heard, False)
        os.set_blocking(self._hears, False)
        self._heeded: tuple[Collection[int], float] = ((), 0.0)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread: int | None = None
        self._beat_at_s = 0.0
        self._told = False
        self._end_at: tuple[float, int] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._main, name="watchman", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # A stop in progress is watched to the very end: Python still waits for threads, and a disk may block one.
        if self._end_at is None:
            self._over.set()
            os.write(self._hears, b"\0")
            self._thread.join(self._every_s + _SAYING_S)

    def heed(self, numbers: Collection[int], within_s: float) -> None:
        """End the process a time after any of these signals, which need handlers. Call from the main thread."""
        self._heeded = (numbers, within_s)
        # Python's C handler writes the number there at once, in any thread; Python handlers wait for the main thread.
        signal.set_wakeup_fd(self._hears, warn_on_full_buffer=False)

    def watch(self) -> None:
        """Watch the running event loop from now on."""
        self._beat_at_s = self._clock.monotonic()
        self._loop_thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()

    def end_within(self, seconds: float, *, exit_code: int) -> None:
        """End the process after a time, unless it has ended by itself; only the first call counts.

        Takes no lock, so that a signal handler may call it.
        """
        if self._end_at is None:
            self._end_at = (self._clock.monotonic() + seconds, exit_code)
            self._alarm(seconds + self._last_s)

    def _main(self) -> None:
        looked_at_s = self._clock.monotonic()
        while not self._over.is_set():
            self._listen(looked_at_s)
            now_s = self._clock.monotonic()
            slept_s = now_s - looked_at_s - self._every_s
            looked_at_s = now_s
            if slept_s > _ASLEEP_S:
                self._beat_at_s += slept_s
            if self._end_at is not None and now_s >= self._end_at[0]:
                self._finish(self._end_at[1], "stop_cut_short", {"under_way": _names_of_tasks(self._loop)})
            elif self._loop is not None and not self._loop.is_closed():
                self._look_at(self._loop, now_s)

    def _listen(self, now_s: float) -> None:
        """Wait for the next check, or for the end of a stop; a signal may arrive meanwhile."""
        left_s = self._every_s if self._end_at is None else min(self._every_s, max(0.0, self._end_at[0] - now_s))
        if not select.select([self._heard], [], [], left_s)[0]:
            return
        numbers, within_s = self._heeded
        if set(os.read(self._heard, 1_024)) & set(numbers):
            self.end_within(within_s, exit_code=0)

    def _look_at(self, loop: asyncio.AbstractEventLoop, now_s: float) -> None:
        still_s = now_s - self._beat_at_s
        if still_s >= self._hopeless_s:
            self._finish(EXIT_STUCK, "event_loop_hangs", {"still_s": round(still_s, 1), "at": self._where()})
        elif still_s >= self._stuck_s:
            if not self._told:
                self._told = True
                self._say("event_loop_stuck", {"still_s": round(still_s, 1), "at": self._where()})
        else:
            self._told = False
        try:
            loop.call_soon_threadsafe(self._beat)
        except RuntimeError:
            self._loop = None  # it was closed meanwhile: nothing is left to watch

    def _beat(self) -> None:
        self._beat_at_s = self._clock.monotonic()

    def _where(self) -> str:
        """The stack of the loop's thread, innermost first: modules, lines and functions, no values."""
        return _described(sys._current_frames().get(self._loop_thread or 0))  # noqa: SLF001 - its documented use

    def _finish(self, exit_code: int, event: str, told: dict[str, object]) -> None:
        self._over.set()
        self._say(event, told)
        self._end(exit_code)

    def _say(self, event: str, told: dict[str, object]) -> None:
        """Log with a short time limit: the log itself may be what is blocked."""
        saying = threading.Thread(target=lambda: log.critical(event, extra=told), name="watchman-log", daemon=True)
        saying.start()
        saying.join(_SAYING_S)


def _described(frame: FrameType | None) -> str:
    places: list[str] = []
    while frame is not None and len(places) < _FRAMES:
        code = frame.f_code
        places.append(f"{frame.f_globals.get('__name__')}:{frame.f_lineno} {code.co_qualname}")
        frame = frame.f_back
    return " < ".join(places)


def _names_of_tasks(loop: asyncio.AbstractEventLoop | None) -> str:
    """The names of the running tasks."""
    if loop is None:
        return ""
    try:
        names = sorted(task.get_name() for task in asyncio.all_tasks(loop))
    except RuntimeError:  # the loop's own thread adds tasks during the iteration
        return "unknown"
    return ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
