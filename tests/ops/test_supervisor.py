"""The supervisor that restarts the bot; here its child is a few lines of Python."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.ops.supervisor import Supervisor
from tests.support.clock import FakeClock

QUICK_PYTHON = (sys.executable, "-S", "-E", "-c")
SHELL = ("/bin/sh", "-c")
COUNTED = """
echo >> "$1"; life=$(wc -l < "$1"); shift
while [ "$life" -gt 1 ] && [ "$2" != --failures ]; do shift; life=$((life - 1)); done
exit "$1"
"""
"""Ends with the first code that it is given, then the second, and so on; a line a life is left in the file."""
OBEDIENT = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
open(sys.argv[1], "w").close()
while True:
    signal.pause()
"""
DEAF = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").close()
while True:
    signal.pause()
"""
FOLLOWING = """
import os, signal, sys
print(os.getpid(), flush=True)
sys.stdin.read()
open(sys.argv[1], "w").close()
"""
PARENT = """
import asyncio, random, sys
from bot.clock import SystemClock
from bot.ops.supervisor import Supervisor
supervisor = Supervisor(sys.argv[1:], clock=SystemClock(), rng=random.Random(1), say=print)
asyncio.run(supervisor.run())
"""


class Life:
    """A supervisor of a child, with its pauses and output."""

    def __init__(self, script: str, *arguments: object, stops_within_s: float = 30.0) -> None:
        interpreter = [*SHELL, script, "sh"] if script is COUNTED else [*QUICK_PYTHON, script]
        self.clock = FakeClock()
        self.said: list[str] = []
        self.supervisor = Supervisor(
            [*interpreter, *map(str, arguments)],
            clock=self.clock,
            rng=random.Random(1),
            say=self.said.append,
            stops_within_s=stops_within_s,
        )


def lives(folder: Path) -> int:
    """The number of starts."""
    return len((folder / "lives").read_text().splitlines())


async def appeared(path: Path) -> None:
    """Wait for a file that the child creates."""
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(path.exists):  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.01)


async def test_failing_child_is_restarted_with_growing_pauses(tmp_path: Path) -> None:
    """About 1, 2, 4, 8 s; it ends when the child exits with 0."""
    life = Life(COUNTED, tmp_path / "lives", 1, 70, 75, 139, 0)
    assert await life.supervisor.run() == 0
    assert lives(tmp_path) == 5
    assert [round(pause_s) for pause_s in life.clock.slept] == pytest.approx([1, 2, 4, 8], abs=1)
    assert life.clock.slept == sorted(life.clock.slept)


async def test_child_gets_its_failure_count(tmp_path: Path) -> None:
    """So that it can notify its owners of a crash loop: the supervisor has no Discord connection."""
    life = Life(COUNTED, tmp_path / "lives", 1, 1, 0)
    life.supervisor._command = [*SHELL, f'echo "$2" >> {tmp_path}/told; test "$2" = 2', "sh"]
    assert await life.supervisor.run() == 0
    assert (tmp_path / "told").read_text().split() == ["0", "1", "2"]


async def test_child_that_cannot_start_is_not_restarted(tmp_path: Path) -> None:
    """A person has to fix it: the child's own output says how."""
    life = Life(COUNTED, tmp_path / "lives", 1, 2)
    assert await life.supervisor.run() == 2
    assert lives(tmp_path) == 2
    assert "not started again" in life.said[0]


async def test_crash_loop_is_reported_and_slowed_to_a_minute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It continues: the cause may be temporary."""
    life = Life(COUNTED, tmp_path / "lives", *[1] * 9, 0)
    assert await life.supervisor.run() == 0
    events = [record.getMessage() for record in caplog.records]
    assert events == ["bot_ended"] * 4 + ["bot_crash_loop"] * 5
    assert max(life.clock.slept) <= 60
    assert life.clock.slept[-1] > 45


async def test_day_of_failures_has_fewer_starts_than_discord_allows(tmp_path: Path) -> None:
    """A thousand logins a day reset the token; the pauses alone keep well below that."""
    life = Life(COUNTED, tmp_path / "lives", *[1] * 40, 0)
    assert await life.supervisor.run() == 0
    assert 86_400 / min(life.clock.slept[35:]) < 1_000


async def test_stop_is_forwarded_and_awaited(tmp_path: Path) -> None:
    """The child ends in order, and is not restarted."""
    life = Life(OBEDIENT, tmp_path / "up")
    running = asyncio.create_task(life.supervisor.run())
    await appeared(tmp_path / "up")
    life.supervisor._stop(signal.SIGTERM)
    assert await running == 0


async def test_stop_of_a_starting_child_is_in_order(tmp_path: Path) -> None:
    """It has no signal handler yet and dies of the signal: nothing was running."""
    life = Life("import signal, sys; open(sys.argv[1], 'w').close(); signal.pause()", tmp_path / "up")
    running = asyncio.create_task(life.supervisor.run())
    await appeared(tmp_path / "up")
    life.supervisor._stop(signal.SIGTERM)
    assert await running == 0


async def test_child_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    """The exit code is the shell's for a killed process."""
    life = Life(DEAF, tmp_path / "up", stops_within_s=0.02)
    running = asyncio.create_task(life.supervisor.run())
    await appeared(tmp_path / "up")
    life.supervisor._stop(signal.SIGTERM)
    assert await running == 128 + signal.SIGKILL


async def test_stop_in_a_pause_starts_nothing_more(tmp_path: Path) -> None:
    """It does not wait for the pause to end."""
    life = Life(COUNTED, tmp_path / "lives", 1)
    life.clock = FakeClock(automatic=False)
    life.supervisor._clock = life.clock
    running = asyncio.create_task(life.supervisor.run())
    async with asyncio.timeout(20):
        while not life.clock.slept:  # noqa: ASYNC110 - the end of another process makes it
            await asyncio.sleep(0.01)
    life.supervisor._stop(signal.SIGTERM)
    assert await running == 1
    assert lives(tmp_path) == 1


def test_killed_supervisor_leaves_no_child_behind(tmp_path: Path) -> None:
    """The child's standard input is closed with its parent, however that ended."""
    command = [sys.executable, "-c", PARENT, *QUICK_PYTHON, FOLLOWING, str(tmp_path / "ended")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout is not None
        os.kill(int(parent.stdout.readline()), 0)
        parent.kill()
        asyncio.run(appeared(tmp_path / "ended"))
