"""A clock that jumps under the real bot: nothing waits for an hour, is deleted too early, ordered twice or lost."""

from __future__ import annotations

from pathlib import Path

from sandbox.apimaster import Fault
from sandbox.machine import Machine
from tests.e2e.harness import House

HOUR = 3_600


async def test_a_clock_that_jumps_back_and_forward_delays_nothing_and_loses_nothing(tmp_path: Path) -> None:
    """Back an hour while pictures run, wait for the balance; then forward by two days."""
    machine = Machine()
    async with House(tmp_path / "data", machine=machine, PER_USER_RUNNING="1") as house:
        house.knobs.latency_s = 1.0
        await house.start()
        await house.imagine("made while it jumps back")
        await house.imagine("waits meanwhile")
        await house.until(lambda: house.states() == ["running", "queued"])
        machine.set_clock(-HOUR)
        await house.picture("made while it jumps back")
        await house.picture("waits meanwhile")

        house.apimaster.script(Fault.balance())
        await house.imagine("unpaid for a moment")
        await house.until(lambda: bool(house.rows("SELECT 1 FROM balance_errors")))
        machine.set_clock(-2 * HOUR)
        await house.picture("unpaid for a moment")

        await house.imagine("private, made while it jumps forward", private=True)
        await house.until(lambda: house.states()[-1] == "running")
        machine.set_clock(48 * HOUR)
        shown = await house.picture("private, made while it jumps forward")
        assert shown.ephemeral_to == "alice", "its token lives on, whatever our clock says"

        await house.imagine("private, ordered on the wrong day", private=True)
        shown = await house.picture("private, ordered on the wrong day")
        assert shown.ephemeral_to == "alice"

        await house.until(lambda: house.states() == ["delivered"] * 5)
        assert len(house.apimaster.posts) == 5 + 1
        assert len(list((tmp_path / "data" / "spool").glob("*.jpg"))) == 5
