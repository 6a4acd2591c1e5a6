"""`python -m sandbox` and its demo as run in a terminal."""

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from sandbox.bot_process import REPOSITORY

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts `python -m sandbox` with arguments, in its own directory; what still runs at the end is killed."""
    running: list[asyncio.subprocess.Process] = []

    async def start_one(*arguments: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sandbox", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)},
            cwd=tmp_path,
        )
        running.append(process)
        return process

    yield start_one
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    """The page's address from the first line that has one."""
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line.decode()):
            return found[0]
    raise AssertionError("no address was printed")


async def _seen(url: str, member: str, pattern: bytes) -> re.Match[bytes]:
    """The first matching line of a member's event stream."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/api/events?member={member}") as answer:
        async for line in answer.content:
            if found := re.search(pattern, line):
                return found
    raise AssertionError("the page closed the stream")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_page_starts_quickly_shows_a_first_picture_and_stops_cleanly(start: Start) -> None:
    """The main command runs without any input; Ctrl-C ends all with exit code 0.

    Alone the page answers after 1 to 3 s; here it shares the CPU with the other tests.
    """
    started = time.monotonic()
    process = await start("--port", "0")
    url = await _address(process)
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
    assert time.monotonic() - started < 15
    pid = int((await _seen(url, "alice", rb'"online": true.*?"pid": (\d+)'))[1])
    assert _alive(pid)
    async with asyncio.timeout(45):
        await _seen(url, "bob", rb'"content_type": "image/.*"command_name": "/imagine"')
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        assert await process.wait() == 0
    assert not _alive(pid)


async def test_invalid_data_directory_is_one_line_and_exit_code_2(start: Start, tmp_path: Path) -> None:
    """No traceback: the sentence names the problem."""
    (tmp_path / "taken").write_text("a file")
    process = await start("--port", "0", "--data-dir", str(tmp_path / "taken" / "folder"))
    output, _ = await process.communicate()
    assert process.returncode == 2
    assert len(output.decode().splitlines()) == 1
    assert "taken/folder" in output.decode()


async def test_without_the_bot_the_environment_is_printed(start: Start) -> None:
    """Any bot can be connected with that environment. SIGTERM ends it like Ctrl-C."""
    process = await start("--port", "0", "--no-bot")
    await _address(process)
    assert process.stdout is not None
    printed = [(await process.stdout.readline()).decode().strip().partition("=")[0] for _ in range(5)]
    wanted = ["DISCORD_TOKEN", "DISCORD_API_URL", "DISCORD_CDN_HOSTS", "APIMASTER_API_KEY", "APIMASTER_BASE_URL"]
    assert printed == wanted
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await process.wait() == 0


async def test_demo_succeeds_in_time(start: Start) -> None:
    """One order, one kill, one picture on disk, exit code 0.

    Alone it takes about 6 s of the promised 20 s; here it shares the CPU with the other tests.
    """
    started = time.monotonic()
    process = await start("demo")
    output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 0, text
    assert time.monotonic() - started < 50
    assert "SIGKILL" in text
    assert "exactly 1 order" in text
    found = re.search(r"saved as (\S+)", text)
    assert found is not None
    assert Path(found[1]).stat().st_size > 1000  # noqa: ASYNC240 - one look at a small file
