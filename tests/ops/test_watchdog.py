"""The watchdog thread of the event loop, and the handling of stop signals."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bot.clock import SystemClock
from bot.ops.signals import StopSignals
from bot.ops.watchdog import EXIT_STUCK, Watchdog

ROOT: Final = Path(__file__).parents[2]
PROCESS: Final = """
import asyncio, hashlib, os, re, signal, sys, threading
from bot.clock import SystemClock
from bot.ops.signals import StopSignals
from bot.ops.watchdog import Watchdog

def without_end():
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)

async def main(watchman):
    StopSignals(SystemClock(), watchman, stop_s=0.1)
    ask = os.kill, os.getpid(), signal.SIGTERM
    {hangs}

with Watchdog(SystemClock(), last_s=0.2) as watchman:
    asyncio.run(main(watchman))
"""
HANGS: Final = {
    "a library that lets other threads go on": ("threading.Timer(0.1, ask[0], ask[1:]).start(); without_end()", 0),
    "a thread that Python waits for": (
        "ask[0](*ask[1:]); asyncio.get_running_loop().run_in_executor(None, without_end)",
        0,
    ),
    "a library that lets no thread go on": ("ask[0](*ask[1:]); re.match('(a+)+$', 'a' * 60 + 'b')", -signal.SIGALRM),
}


class Ends:
    """Replaces the end of the process: records the exit code, and releases the waiting threads."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.alarms: list[float] = []
        self.ended = threading.Event()

    def __call__(self, code: int) -> None:
        """Called instead of `os._exit`."""
        self.codes.append(code)
        self.ended.set()


@pytest.fixture
def ends() -> Ends:
    """A recorder without an exit code yet."""
    return Ends()


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """Restore this process's signal handlers."""
    woken = signal.set_wakeup_fd(-1)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    signal.set_wakeup_fd(woken)


def watchdog(ends: Ends, *, hopeless_s: float = 30.0) -> Watchdog:
    """A watchdog that reports a loop blocked for 10 ms."""
    return Watchdog(
        SystemClock(), every_s=0.002, stuck_s=0.01, hopeless_s=hopeless_s, end=ends, alarm=ends.alarms.append
    )


async def test_blocked_loop_is_reported_with_its_stack(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    """Once for each block, and the process does not end: it may recover."""
    with caplog.at_level(logging.CRITICAL), watchdog(ends) as watching:
        watching.watch()
        for _ in range(5_000):
            if caplog.records:
                break
            threading.Event().wait(0.002)  # not `await`: it blocks the loop
        (record,) = caplog.records
        await asyncio.sleep(0.01)
    assert "test_watchdog" in vars(record)["at"]
    assert ends.codes == []


async def test_permanently_blocked_loop_ends_the_process(ends: Ends) -> None:
    """Its exit code tells a supervisor to restart the bot."""
    with watchdog(ends, hopeless_s=0.02) as watching:
        watching.watch()
        assert ends.ended.wait(10)
    assert ends.codes == [EXIT_STUCK]


async def test_responsive_loop_is_not_reported(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    """As long as it answers within the limit."""
    with caplog.at_level(logging.CRITICAL), Watchdog(SystemClock(), every_s=0.002, end=ends) as watching:
        watching.watch()
        for _ in range(5):
            await asyncio.sleep(0.005)
    assert (ends.codes, caplog.records) == ([], [])


async def test_stop_that_takes_too_long_is_cut_short(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    """The log names what was still running; the first call counts, so that the deadline is not extended."""
    waiting = asyncio.create_task(asyncio.Event().wait(), name="never-ends")
    with caplog.at_level(logging.CRITICAL), watchdog(ends) as watching:
        watching.watch()
        watching.end_within(0.005, exit_code=0)
        watching.end_within(60, exit_code=1)
        await asyncio.to_thread(ends.ended.wait, 10)
    waiting.cancel()
    assert ends.codes == [0]
    assert ends.alarms == [1.005], "the kernel's timer, should even that not end it"
    assert "never-ends" in vars(caplog.records[-1])["under_way"]


async def test_stop_is_watched_until_the_process_ends(ends: Ends) -> None:
    """After the event loop Python waits for threads that may never end."""
    with watchdog(ends) as watching:
        watching.watch()
        watching.end_within(0.02, exit_code=0)
    await asyncio.to_thread(ends.ended.wait, 10)
    assert ends.codes == [0]


@pytest.mark.usefixtures("kept_signals")
async def test_first_signal_requests_a_stop_and_starts_the_deadline(ends: Ends) -> None:
    """A requested stop ends with 0, even if it has to be cut short."""
    watching = watchdog(ends)
    signals = StopSignals(SystemClock(), watching)
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)  # forwarded by a supervisor, too: the same request
    async with asyncio.timeout(10):
        await signals.asked.wait()
    signals.begin_stop()
    assert watching._end_at is not None
    assert watching._end_at[1] == 0


@pytest.mark.usefixtures("kept_signals")
async def test_end_of_the_supervisor_requests_a_stop_too(ends: Ends) -> None:
    """The pipe from the parent is closed with it."""
    reading, writing = os.pipe()
    signals = StopSignals(SystemClock(), watchdog(ends), follows=reading)
    await asyncio.sleep(0)
    assert not signals.asked.is_set()
    os.close(writing)
    async with asyncio.timeout(10):
        await signals.asked.wait()
    os.close(reading)


@pytest.mark.parametrize("hangs", HANGS)
def test_stopping_process_ends_in_time_whatever_hangs(hangs: str) -> None:
    """Neither the event loop, the main thread nor any other thread has to run for it."""
    statement, exit_code = HANGS[hangs]
    script = PROCESS.format(hangs=statement)
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60, check=False, capture_output=True)
    assert ended.returncode == exit_code, ended.stderr
