"""One process per data directory, and supervised background tasks."""

from __future__ import annotations

import asyncio
import logging
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import StartupError
from bot.ops.instance_lock import exclusive, wait_for_lock
from bot.tasks import FirstFailure, TaskGroup
from tests.support.clock import FakeClock

HOLD = """
import sys
from pathlib import Path
from bot.ops.instance_lock import exclusive, wait_for_lock
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_bot_on_one_directory_is_refused(tmp_path: Path) -> None:
    """Two would deliver twice; the sentence names the directory and the fix."""
    with exclusive(tmp_path), pytest.raises(StartupError, match="Another bot runs") as caught, exclusive(tmp_path):
        pass
    assert str(tmp_path) in str(caught.value)


def test_unopenable_lock_is_named(tmp_path: Path) -> None:
    """For example a file of another user: a sentence, not a traceback."""
    (tmp_path / "bot.lock").mkdir()
    with pytest.raises(StartupError, match=r"bot\.lock.*cannot be opened"), exclusive(tmp_path):
        pass


def test_lock_is_released_afterwards(tmp_path: Path) -> None:
    """Also after an error; the file stays and is private."""
    with pytest.raises(RuntimeError), exclusive(tmp_path):
        raise RuntimeError("the bot crashed")
    with exclusive(tmp_path):
        assert stat.S_IMODE((tmp_path / "bot.lock").stat().st_mode) == 0o600


def test_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    """The kernel releases the lock with the process: after a SIGKILL the next start works."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StartupError), exclusive(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with exclusive(tmp_path):
        pass


async def test_supervised_bot_waits_for_the_previous_one(tmp_path: Path) -> None:
    """A process that was just stopped may still hold the lock briefly; after half a minute it is another bot."""
    clock = FakeClock()
    with exclusive(tmp_path):
        with pytest.raises(StartupError, match="Another bot runs"):
            await wait_for_lock(tmp_path, clock, patience_s=30)
        assert 30 <= clock.monotonic() < 32
        clock = FakeClock(automatic=False)
        waiting = asyncio.create_task(wait_for_lock(tmp_path, clock, patience_s=30))
        await asyncio.sleep(0)
    clock.advance(1)
    with await waiting, pytest.raises(StartupError), exclusive(tmp_path):
        pass


async def test_failed_task_is_logged_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    """No task fails silently, and the observer of an essential one is notified."""
    heard: list[BaseException] = []
    group = TaskGroup(on_failure=heard.append)

    async def fail() -> None:
        raise RuntimeError("a bug")

    with caplog.at_level(logging.ERROR):
        group.start(fail(), name="failing")
        await group.drain(1)
        await asyncio.sleep(0)
    assert [str(error) for error in heard] == ["a bug"]
    assert [vars(entry)["task"] for entry in caplog.records] == ["failing"]
    assert len(group) == 0


async def test_closing_cancels_remaining_tasks_and_waits_for_them() -> None:
    """After closing nothing runs any more, not even a task's clean-up."""
    group, cleaned = TaskGroup(), []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    group.start(wait_for_ever(), name="waiting")
    await asyncio.sleep(0)
    await group.drain(0.01)
    assert len(group) == 1
    await group.close()
    assert cleaned == [True]
    assert len(group) == 0


async def test_the_first_failure_is_kept() -> None:
    """Later failures are its consequences; a waiter gets the first error."""
    failure = FirstFailure()
    assert failure.error is None
    first = ValueError("the cause")
    failure.report(first)
    failure.report(ValueError("what follows"))
    assert failure.error is first
    with pytest.raises(ValueError, match="the cause"):
        await failure.reported
