"""The bot's process: its environment, how it ends, and that it never outlives the sandbox."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sandbox.bot_process import REPOSITORY, BotProcess, program

_SLEEPER = "print('up', flush=True); import time; time.sleep(60)"
_STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {_SLEEPER}"


async def _until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    """Wait until the real process has reached a condition."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the other side is a real process, which sets no event
            await asyncio.sleep(0.01)


def _running(pid: int) -> bool:
    """Whether the process is running; a zombie is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _is_folder(path: Path) -> bool:
    return path.is_dir()


def _process(tmp_path: Path, code: str, **env: str) -> BotProcess:
    return BotProcess(env, log_path=tmp_path / "bot.log", launch=program(sys.executable, "-c", code))


@pytest.fixture
async def sleeper(tmp_path: Path) -> AsyncIterator[BotProcess]:
    """A running process that sleeps for a minute."""
    async with _process(tmp_path, _SLEEPER) as process:
        await process.start()
        await _until(lambda: process.output == ["up"])
        yield process


async def test_kill_is_sigkill_to_the_bot_itself(sleeper: BotProcess) -> None:
    """kill() ends the process itself with signal 9, not a wrapper around it."""
    assert sleeper.alive
    await sleeper.kill()
    assert (sleeper.alive, sleeper.returncode, sleeper.state) == (False, -signal.SIGKILL, "killed")


async def test_stop_sends_sigterm(sleeper: BotProcess) -> None:
    """stop() sends SIGTERM and waits for the end."""
    await sleeper.stop()
    assert (sleeper.alive, sleeper.returncode, sleeper.state) == (False, -signal.SIGTERM, "stopped")


async def test_stop_kills_a_bot_that_ignores_sigterm(tmp_path: Path) -> None:
    """A process that ignores SIGTERM is killed after the limit."""
    async with _process(tmp_path, _STUBBORN) as process:
        await process.start()
        await _until(lambda: process.output == ["up"])
        await process.stop(timeout_s=0.05)
        assert process.returncode == -signal.SIGKILL


async def test_restart_appends_to_the_log(sleeper: BotProcess) -> None:
    """The output of all runs is kept, in order."""
    await sleeper.kill()
    await sleeper.start()
    await _until(lambda: sleeper.output == ["up", "up"])
    assert sleeper.starts == 2


async def test_starting_twice_is_refused(sleeper: BotProcess) -> None:
    """Two bots with one token would answer everything twice."""
    with pytest.raises(RuntimeError, match="already running"):
        await sleeper.start()


async def test_exit_is_reported_with_its_code(tmp_path: Path) -> None:
    """A bot that ends by itself is shown as such, and the observer is notified of each change."""
    states: list[str] = []
    process = BotProcess(
        {},
        log_path=tmp_path / "bot.log",
        launch=program(sys.executable, "-c", "raise SystemExit(2)"),
    )
    process.listeners.append(lambda: states.append(process.state))
    async with process:
        await process.start()
        assert await process.wait() == 2
    assert states == ["running", "ended by itself, exit code 2"]


async def test_environment_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's variables and .env are excluded; the sandbox's settings and the repository path are included."""
    monkeypatch.setenv("DISCORD_TOKEN", "the developer's own")
    monkeypatch.setenv("APIMASTER_API_KEY", "the developer's own")
    code = "import os; print(os.environ.get('DISCORD_TOKEN'), os.environ.get('APIMASTER_API_KEY'), os.listdir())"
    async with _process(tmp_path, f"{code}; import bot; print(bot.__file__)", DISCORD_TOKEN="told") as process:
        await process.start()
        assert await process.wait() == 0
        assert process.output == ["told None []", str(REPOSITORY / "bot" / "__init__.py")]


async def test_leaving_the_context_ends_the_bot_and_removes_its_directory(tmp_path: Path) -> None:
    """Nothing of a run is left behind."""
    async with _process(tmp_path, f"import os; print(os.getcwd(), flush=True); {_SLEEPER}") as process:
        await process.start()
        await _until(lambda: process.output[-1:] == ["up"])
        workdir = Path(process.output[0])
        assert _is_folder(workdir)
    assert not process.alive
    assert not _is_folder(workdir)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds a child to its parent")
async def test_bot_ends_with_a_killed_sandbox(tmp_path: Path) -> None:
    """SIGKILL to the sandbox leaves no bot running."""
    log = tmp_path / "bot.log"
    code = f"""
import asyncio, sys
from pathlib import Path
from sandbox.bot_process import BotProcess, program

async def main():
    process = BotProcess({{}}, log_path=Path({str(log)!r}), launch=program(sys.executable, "-c", {_SLEEPER!r}))
    await process.start()
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    child_pid = int(await parent.stdout.readline())
    await _until(log.exists)
    await _until(lambda: log.read_text() == "up\n")
    parent.kill()
    await parent.wait()
    await _until(lambda: not _running(child_pid))


async def test_output_is_the_tail_of_a_long_log(tmp_path: Path) -> None:
    """A long log is not read from its start, and no partial line is shown."""
    async with _process(tmp_path, "for i in range(20000): print(f'line {i}')") as process:
        await process.start()
        await process.wait()
        lines = process.output
    assert lines[-1] == "line 19999"
    assert len(lines) < 20000
    assert all(line.startswith("line ") for line in lines)
