"""How a bot ends: by one signal, by two, by a READY that cannot be parsed, and under its own supervisor."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from sandbox.apimaster import Fault
from sandbox.bot_process import program
from sandbox.discord.gateway_faults import Ready
from tests.e2e.harness import Harness

ENDS_WITHIN_S = 10.0


def a_picture() -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()


async def reconnected_without_servers(harness: Harness) -> None:
    """Refuse the session, and omit the server list from the next READY."""
    harness.faults.gateway.ready = Ready.UNREADABLE
    harness.faults.refuse_resume = True
    await harness.faults.drop_gateway(4000)


async def asked_to_stop(harness: Harness) -> float:
    """Send SIGTERM and wait for the exit; returns how long it took, in seconds."""
    began_s = time.monotonic()
    await harness.bot.stop(timeout_s=3 * ENDS_WITHIN_S)
    return time.monotonic() - began_s


@pytest.mark.timeout(150)
async def test_stop_under_load_is_quick_and_loses_nothing(tmp_path: Path) -> None:
    """Hanging submits, polls, hanging uploads, pending references, a burst of commands.

    It ends in time with exit code 0; the next start continues each, and no order is sent a second time.
    """
    async with Harness(tmp_path / "data", PER_USER_RUNNING="20", PER_USER_PENDING="30") as harness:
        await harness.start()
        harness.faults.delay("PATCH /webhooks/*", 60)
        await harness.imagine("an upload that hangs")
        await harness.until(lambda: harness.states() == ["fetched"])
        harness.knobs.latency_s = 8
        for number in range(2):
            await harness.imagine(f"being made {number}", count=4)
        await harness.until(lambda: harness.states().count("running") == 8)
        harness.apimaster.script(Fault.hang())
        harness.apimaster.script(Fault.charged_then_hang())
        for number in range(2):
            await harness.imagine(f"an order that hangs {number}", member="bob")
        await harness.until(lambda: harness.states().count("submitting") == 2)
        harness.faults.delay("GET /*attachments/*", 60)
        await harness.driver.slash("alice", "remix", {"prompt": "a remix"}, files={"image1": ("red.png", a_picture())})
        await harness.until(lambda: len(harness.states()) == 12)
        for number in range(8):
            await harness.driver.slash("mod", "imagine", {"prompt": f"a burst {number}"})
        assert await asked_to_stop(harness) < ENDS_WITHIN_S
        assert harness.bot.returncode == 0
        assert not any("Traceback" in line for line in harness.bot.output)
        assert harness.states().count("submitting") == 2
        harness.faults.clear()
        harness.knobs.latency_s = 0.2
        await harness.start()
        await harness.until(lambda: set(harness.states()) == {"delivered", "uncertain"})
        assert harness.states().count("uncertain") == 2
        assert len(harness.apimaster.posts) == len(harness.states())


async def test_second_signal_ends_at_once_and_loses_nothing(harness: Harness) -> None:
    """A second Ctrl-C does not wait for an upload."""
    harness.faults.delay("PATCH /webhooks/*", 60)
    await harness.imagine("an upload that hangs")
    await harness.until(lambda: harness.states() == ["fetched"])
    assert harness.bot.pid is not None
    began_s = time.monotonic()
    while harness.bot.alive:
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(harness.bot.pid, signal.SIGINT)
        await asyncio.sleep(0.05)
    assert harness.bot.returncode == 128 + signal.SIGINT
    assert 1 <= time.monotonic() - began_s < ENDS_WITHIN_S  # presses within one second were one request
    harness.faults.clear()
    await harness.start()
    await harness.picture("an upload that hangs")


async def test_unparsable_ready_ends_the_process_and_loses_nothing(harness: Harness) -> None:
    """Without it there is no session: one sentence, exit code 1, and the next start continues."""
    harness.knobs.latency_s = 1
    await harness.imagine("all the same")
    await harness.until(lambda: harness.states() == ["running"])
    await reconnected_without_servers(harness)
    assert await asyncio.wait_for(harness.bot.wait(), ENDS_WITHIN_S) == 1
    said = [line for line in harness.bot.output if line.startswith("imagine-bot:")]
    assert len(said) == 1
    assert "cannot read" in said[0]
    harness.faults.clear()
    await harness.start()
    await harness.picture("all the same")
    assert len(harness.apimaster.posts) == 1


@pytest.mark.timeout(150)
async def test_supervised_bot_is_restarted_until_it_is_stopped(tmp_path: Path) -> None:
    """The same READY ends only the child; SIGTERM to the parent ends both in order."""
    harness = Harness(tmp_path / "data")
    harness._launch = program(sys.executable, "-m", "bot", "run", "--supervise")
    async with harness:
        await harness.bot.start()
        await harness.driver.wait_for_bot(timeout_s=50)  # two Python processes start, with all libraries
        harness.knobs.latency_s = 1
        await harness.imagine("supervised")
        await harness.until(lambda: harness.states() == ["running"])
        await reconnected_without_servers(harness)
        await harness.until(lambda: any("bot_ended" in line for line in harness.bot.output))
        harness.faults.clear()
        await harness.driver.wait_for_bot(timeout_s=50)
        await harness.picture("supervised", timeout_s=50)
        assert any("bot_ended exit_code=1" in line for line in harness.bot.output)
        assert await asked_to_stop(harness) < ENDS_WITHIN_S
        assert harness.bot.returncode == 0
        assert not harness.discord.gateway.online
        assert len(harness.apimaster.posts) == 1
