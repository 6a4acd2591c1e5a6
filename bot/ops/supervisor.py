"""`python -m bot run --supervise`: a parent process that restarts the bot whenever it fails.

The child detects its parent's death on its standard input: the parent holds the other end of that pipe and never
writes, so the kernel closes it however the parent ends. Unlike `PR_SET_PDEATHSIG` this works on every system, and lets
the child stop gracefully. The child has its own session, so that Ctrl-C in a terminal reaches it once, through the
parent.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from typing import Final

from bot.clock import Clock
from bot.domain.schedule import backoff_s

log = logging.getLogger(__name__)

CANNOT_START: Final = 2
"""The exit code of a bot that needs manual intervention; a restart would not help."""
FOLLOWED: Final = "--while-stdin-lasts"
"""The option that makes a child stop when its parent is gone."""
FAILURES: Final = "--failures"
"""The option that passes the number of consecutive failures to a child."""

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_WEARY_PAUSE_S: Final = 150.0
"""Discord resets the token of a bot that logs in a thousand times in a day."""
_RAN_WELL_S: Final = 300.0
CRASH_LOOP: Final = 5
"""After this many consecutive failures the next child notifies the owners."""
_WEARY: Final = 30
_STOPS_WITHIN_S: Final = 9.8
"""A child that was asked to stop ends within 9.5 s, by itself or by the kernel's timer; after this it is killed."""
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def bot_command() -> tuple[str, ...]:
    """The command line of a child: the same interpreter, settings and folder."""
    return (sys.executable, "-m", "bot", "run", FOLLOWED)


class Supervisor:
    """Keeps one child running, from `run()` until the child stops normally, cannot start, or a stop is requested."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        clock: Clock,
        rng: random.Random,
        say: Callable[[str], None],
        first_pause_s: float = _FIRST_PAUSE_S,
        stops_within_s: float = _STOPS_WITHIN_S,
    ) -> None:
        self._command = command
        self._clock = clock
        self._rng = rng
        self._say = say
        self._first_pause_s = first_pause_s
        self._stops_within_s = stops_within_s
        self._child: Process | None = None
        self._stopping = asyncio.Event()
        self._requests = 0

    async def run(self) -> int:
        """Supervise; returns the last child's exit code as a shell would (128 plus the signal's number)."""
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self._stop, number)
        failures = 0
        while True:
            started_s = self._clock.monotonic()
            code = await self._one_life(failures)
            ran_s = self._clock.monotonic() - started_s
            if self._stopping.is_set():
                # A child that has no signal handlers yet dies of the signal: nothing was in progress, a normal stop.
                return 0 if self._requests == 1 and code == 128 + signal.SIGTERM else code
            if code == 0:
                return code
            if code == CANNOT_START:
                self._say("It cannot start like this, so it is not started again; see above for what to do.")
                return code
            failures = 1 if ran_s >= _RAN_WELL_S else failures + 1
            if not await self._pause(failures, code, ran_s):
                return code

    async def _one_life(self, failures: int) -> int:
        """Start the child and wait for its end; returns its exit code."""
        # Our own pipe: asyncio would wait for its other end to close, which the child's children may hold open.
        reading, writing = os.pipe()
        try:
            command = (*self._command, FAILURES, str(failures))
            self._child = await asyncio.create_subprocess_exec(*command, stdin=reading, start_new_session=True)
            log.info("bot_started", extra={"child": self._child.pid})
            return await self._end_of(self._child)
        finally:
            os.close(reading)
            os.close(writing)

    async def _end_of(self, child: Process) -> int:
        """Wait for the child's end; kill it if it does not stop when asked. Returns its exit code."""
        if self._stopping.is_set():  # the stop was requested during the start
            child.terminate()
        ended = asyncio.create_task(child.wait(), name="child")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        try:
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not (await asyncio.wait({ended}, timeout=self._stops_within_s if not ended.done() else None))[0]:
                log.error("bot_killed", extra={"child": child.pid, "waited_s": self._stops_within_s})
                child.kill()
            code = await ended
        finally:
            stopping.cancel()
            ended.cancel()
        return code if code >= 0 else 128 - code

    async def _pause(self, failures: int, code: int, ran_s: float) -> bool:
        """Log a failure and wait before the next start; returns whether to restart."""
        cap_s = _LONGEST_PAUSE_S if failures < _WEARY else _WEARY_PAUSE_S
        pause_s = backoff_s(failures, base_s=self._first_pause_s, cap_s=cap_s, rng=self._rng)
        facts = {"exit_code": code, "ran_s": round(ran_s, 1), "failures": failures, "pause_s": round(pause_s, 1)}
        if failures >= CRASH_LOOP:
            log.critical("bot_crash_loop", extra=facts)
        else:
            log.error("bot_ended", extra=facts)
        pause = asyncio.create_task(self._clock.sleep(pause_s), name="pause")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        try:
            await asyncio.wait({pause, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            stopping.cancel()
        return not self._stopping.is_set()

    def _stop(self, number: signal.Signals) -> None:
        """Pass a signal on; the child handles a second one as an immediate stop."""
        self._requests += 1
        self._stopping.set()
        if self._child is not None and self._child.returncode is None:
            self._child.send_signal(signal.SIGTERM if number is signal.SIGHUP else number)
