"""Wall-clock jumps under the real bot: nothing waits an hour, is deleted too early, ordered twice or lost."""

from __future__ import annotations

from pathlib import Path

from sandbox.apimaster import Fault
from sandbox.machine import Machine
from tests.e2e.harness import Harness

HOUR = 3_600


async def test_clock_jumps_back_and_forward_delay_and_lose_nothing(tmp_path: Path) -> None:
    """Back an hour while pictures run and the queue waits for the balance; then forward by two days."""
    machine = Machine()
    async with Harness(tmp_path / "data", machine=machine, PER_USER_RUNNING="1") as harness:
        harness.knobs.latency_s = 1.0
        await harness.start()
        await harness.imagine("made while it jumps back")
        await harness.imagine("waits meanwhile")
        await harness.until(lambda: harness.states() == ["running", "queued"])
        machine.set_clock(-HOUR)
        await harness.picture("made while it jumps back")
        await harness.picture("waits meanwhile")

        harness.apimaster.script(Fault.balance())
        await harness.imagine("unpaid for a moment")
        await harness.until(lambda: bool(harness.rows("SELECT 1 FROM balance_errors")))
        machine.set_clock(-2 * HOUR)
        await harness.picture("unpaid for a moment")

        await harness.imagine("private, made while it jumps forward", private=True)
        await harness.until(lambda: harness.states()[-1] == "running")
        machine.set_clock(48 * HOUR)
        shown = await harness.picture("private, made while it jumps forward")
        assert shown.ephemeral_to == "alice", "its token lives on, whatever our clock says"

        await harness.imagine("private, ordered on the wrong day", private=True)
        shown = await harness.picture("private, ordered on the wrong day")
        assert shown.ephemeral_to == "alice"

        await harness.until(lambda: harness.states() == ["delivered"] * 5)
        assert len(harness.apimaster.posts) == 5 + 1
        assert len(list((tmp_path / "data" / "spool").glob("*.jpg"))) == 5
