"""How a bot ends: asked to, asked twice, by a READY that cannot be read, and under its own supervision."""

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
from tests.e2e.harness import House

ENDS_WITHIN_S = 10.0


def a_picture() -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()


async def reconnected_without_servers(house: House) -> None:
    """Refuse the session, and let the next READY lack its list of servers."""
    house.faults.gateway.ready = Ready.UNREADABLE
    house.faults.refuse_resume = True
    await house.faults.drop_gateway(4000)


async def asked_to_stop(house: House) -> float:
    """Send SIGTERM and wait for the end; returns how long it took, in seconds."""
    began_s = time.monotonic()
    await house.bot.stop(timeout_s=3 * ENDS_WITHIN_S)
    return time.monotonic() - began_s


@pytest.mark.timeout(150)
async def test_stop_amid_everything_is_quick_and_loses_nothing(tmp_path: Path) -> None:
    """Submits that hang, polls, uploads that hang, references on their way, a burst of commands.

    It ends in time with exit code 0; the next start goes on with each, and no order is sent a second time.
    """
    async with House(tmp_path / "data", PER_USER_RUNNING="20", PER_USER_PENDING="30") as house:
        await house.start()
        house.faults.delay("PATCH /webhooks/*", 60)
        await house.imagine("an upload that hangs")
        await house.until(lambda: house.states() == ["fetched"])
        house.knobs.latency_s = 8
        for number in range(2):
            await house.imagine(f"being made {number}", count=4)
        await house.until(lambda: house.states().count("running") == 8)
        house.apimaster.script(Fault.hang())
        house.apimaster.script(Fault.charged_then_hang())
        for number in range(2):
            await house.imagine(f"an order that hangs {number}", member="bob")
        await house.until(lambda: house.states().count("submitting") == 2)
        house.faults.delay("GET /*attachments/*", 60)
        await house.driver.slash("alice", "remix", {"prompt": "a remix"}, files={"image1": ("red.png", a_picture())})
        await house.until(lambda: len(house.states()) == 12)
        for number in range(8):
            await house.driver.slash("mod", "imagine", {"prompt": f"a burst {number}"})
        assert await asked_to_stop(house) < ENDS_WITHIN_S
        assert house.bot.returncode == 0
        assert not any("Traceback" in line for line in house.bot.output)
        assert house.states().count("submitting") == 2
        house.faults.clear()
        house.knobs.latency_s = 0.2
        await house.start()
        await house.until(lambda: set(house.states()) == {"delivered", "uncertain"})
        assert house.states().count("uncertain") == 2
        assert len(house.apimaster.posts) == len(house.states())


async def test_second_signal_ends_at_once_and_loses_nothing(house: House) -> None:
    """Whoever presses Ctrl-C twice does not wait for an upload."""
    house.faults.delay("PATCH /webhooks/*", 60)
    await house.imagine("an upload that hangs")
    await house.until(lambda: house.states() == ["fetched"])
    assert house.bot.pid is not None
    began_s = time.monotonic()
    while house.bot.alive:
        with suppress(ProcessLookupError):  # it has ended this moment
            os.kill(house.bot.pid, signal.SIGINT)
        await asyncio.sleep(0.05)
    assert house.bot.returncode == 128 + signal.SIGINT
    assert 1 <= time.monotonic() - began_s < ENDS_WITHIN_S  # those within a second were one request
    house.faults.clear()
    await house.start()
    await house.picture("an upload that hangs")


async def test_a_ready_that_cannot_be_read_ends_the_process_and_loses_nothing(house: House) -> None:
    """There is no session without it: one sentence, exit code 1, and the next start goes on."""
    house.knobs.latency_s = 1
    await house.imagine("all the same")
    await house.until(lambda: house.states() == ["running"])
    await reconnected_without_servers(house)
    assert await asyncio.wait_for(house.bot.wait(), ENDS_WITHIN_S) == 1
    said = [line for line in house.bot.output if line.startswith("imagine-bot:")]
    assert len(said) == 1
    assert "cannot read" in said[0]
    house.faults.clear()
    await house.start()
    await house.picture("all the same")
    assert len(house.apimaster.posts) == 1


@pytest.mark.timeout(150)
async def test_supervised_bot_is_started_again_until_it_is_stopped(tmp_path: Path) -> None:
    """The same READY ends the child alone; SIGTERM to the parent ends both in order."""
    house = House(tmp_path / "data")
    house._launch = program(sys.executable, "-m", "bot", "run", "--supervise")
    async with house:
        await house.bot.start()
        await house.driver.wait_for_bot(timeout_s=50)  # two Pythons start, the bot's libraries and all
        house.knobs.latency_s = 1
        await house.imagine("supervised")
        await house.until(lambda: house.states() == ["running"])
        await reconnected_without_servers(house)
        await house.until(lambda: any("bot_ended" in line for line in house.bot.output))
        house.faults.clear()
        await house.driver.wait_for_bot(timeout_s=50)
        await house.picture("supervised", timeout_s=50)
        assert any("bot_ended exit_code=1" in line for line in house.bot.output)
        assert await asked_to_stop(house) < ENDS_WITHIN_S
        assert house.bot.returncode == 0
        assert not house.discord.gateway.online
        assert len(house.apimaster.posts) == 1
