"""A disk that is full, rejects every write, or is slow, under the real bot: reported in time.

Nothing is lost or doubled.
"""

from __future__ import annotations

from pathlib import Path

from sandbox.driver import Interaction
from sandbox.machine import Machine
from tests.e2e.harness import Harness
from tests.support.machine import machine_with_small_disk

MB = 1_000_000


async def test_full_disk_stops_orders_and_loses_none(tmp_path: Path) -> None:
    """Nearly full: orders are refused, running ones are kept. Full: results wait at the provider."""
    machine = machine_with_small_disk(60 * MB)
    async with Harness(tmp_path / "data", machine=machine, MIN_FREE_MB="20", PER_USER_RUNNING="1") as harness:
        disk = machine.disk
        assert disk is not None
        harness.knobs.latency_s = 2.0
        await harness.start()
        await harness.imagine("a picture under way")
        await harness.until(lambda: harness.states() == ["running"])
        await harness.imagine("a picture that waits")
        disk.fill(leave_bytes=15 * MB)
        await harness.shows("a picture that waits", "disk is full")
        refused = await harness.imagine("a picture too many")
        _refused_privately(refused)
        await harness.driver.wait_message(lambda m: "15 MB are left" in m.text(), viewer="mod", channel="dm")
        await harness.picture("a picture under way")

        disk.clear()
        await harness.until(lambda: harness.states() == ["delivered", "running"])
        disk.fill()
        await harness.until(lambda: any("poll_trouble" in line for line in harness.bot.output))
        assert [path.name for path in (disk.outside / "spool").glob("2.*")] == []
        disk.clear()
        await harness.picture("a picture that waits")
        await harness.driver.wait_message(lambda m: "room on the disk again" in m.text(), viewer="mod", channel="dm")
        await harness.until(lambda: harness.states() == ["delivered", "delivered"])
        assert len(harness.apimaster.posts) == 2


async def test_disk_that_rejects_every_write_loses_no_paid_task(tmp_path: Path) -> None:
    """The provider's answer is kept in memory until it can be stored; nothing is ordered a second time."""
    async with Harness(tmp_path / "data", machine=Machine()) as harness:
        await harness.start()
        answering = harness.apimaster.stops.hold_next("after POST /v1/images/generations/async")
        await harness.imagine("a picture that was paid for")
        await answering.reached.wait()
        pid = harness.bot.pid
        assert pid is not None
        Machine.limit_files(pid, 0)
        answering.release()
        await harness.driver.wait_message(lambda m: "cannot be written" in m.text(), viewer="mod", channel="dm")
        refused = await harness.imagine("a picture too many")
        _refused_privately(refused)
        assert harness.states() == ["submitting"]
        Machine.limit_files(pid, None)
        await harness.picture("a picture that was paid for")
        assert len(harness.apimaster.posts) == 1
        assert harness.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]


async def test_slow_disk_delays_no_acknowledgement(tmp_path: Path) -> None:
    """Every commit takes 2 s: the command and the buttons are still acknowledged within 3 s."""
    machine = Machine()
    async with Harness(tmp_path / "data", machine=machine) as harness:
        await harness.start()
        machine.slow_commits(2.0)
        for member in ("alice", "bob"):
            _in_time(await harness.imagine(f"a slow picture of {member}", member=member))
        card = await harness.shows("a slow picture of alice")
        pressed = await harness.driver.click("alice", card.id, card.button("Cancel").custom_id)
        await pressed.acknowledged()
        _in_time(pressed)
        machine.slow_commits(0.0)
        await harness.picture("a slow picture of bob")
        assert len(harness.apimaster.posts) <= 2


def _refused_privately(interaction: Interaction) -> None:
    answer = interaction.response
    assert answer is not None
    assert answer.ephemeral_to == "alice"
    assert "Nothing was ordered" in answer.text()
    _in_time(interaction)


def _in_time(interaction: Interaction) -> None:
    assert interaction.acknowledged_after_s is not None
    assert interaction.acknowledged_after_s < 3
