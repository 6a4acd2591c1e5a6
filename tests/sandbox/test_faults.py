"""The list of all faults, and the random faults drawn from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.faults import TROUBLES, Place, RandomFaults, named
from sandbox.machine import Machine
from sandbox.stack import Sandbox

WANTED = (
    "submit/error submit/upstream submit/busy submit/timeout submit/rate submit/rate-wait submit/reset submit/hang "
    "submit/reset-unread submit/drip submit/truncated submit/html submit/types-0 submit/task-fails-mutely "
    "submit/never-ends submit/expired result/redirect result/not-a-picture result/zeros result/bomb "
    "discord/500 discord/429 discord/429-cloudflare state/token-reset discord/10062 discord/50027 discord/10008 "
    "discord/50001 discord/50013 discord/50007 discord/40005 gateway/silence gateway/4000-new gateway/twice "
    "gateway/malformed/no-json gateway/no-guilds disk/full disk/refused disk/slow clock/back clock/forward"
)


@pytest.mark.parametrize("name", [*WANTED.split(), *(f"gateway/{code}" for code in range(4000, 4015))])
def test_every_known_fault_has_a_name(name: str) -> None:
    """By which tests and people can request it."""
    trouble = named(name)
    assert trouble is not None
    assert trouble.label


def test_names_are_unique() -> None:
    """One name per fault; an unknown name finds none."""
    assert len({trouble.name for trouble in TROUBLES}) == len(TROUBLES)
    assert named("submit/nothing") is None


def test_random_faults_draw_from_all_of_them(tmp_path: Path) -> None:
    """Each occurs eventually, and the same seed draws the same ones in the same order."""
    sandbox = Sandbox(data_dir=tmp_path, with_bot=False, machine=Machine())
    random_faults, again, other = RandomFaults(sandbox, 3), RandomFaults(sandbox, 3), RandomFaults(sandbox, 4)
    drawn = [random_faults.draw().name for _ in range(40_000)]
    assert set(drawn) == {trouble.name for trouble in TROUBLES}
    assert [again.draw().name for _ in range(100)] == drawn[:100]
    assert [other.draw().name for _ in range(100)] != drawn[:100]
    sandbox.world.close()


def test_unavailable_faults_are_not_drawn(tmp_path: Path) -> None:
    """Without a separate machine the bot's clock can't be set; its disk can still refuse writes."""
    sandbox = Sandbox(data_dir=tmp_path, with_bot=False)
    random_faults = RandomFaults(sandbox, 3)
    drawn = {random_faults.draw().place for _ in range(2_000)}
    assert drawn == set(Place) - {Place.CLOCK}
    sandbox.world.close()


def test_unaccountable_faults_can_be_excluded(tmp_path: Path) -> None:
    """A campaign counts what members see, so the bot must not get false information."""
    sandbox = Sandbox(data_dir=tmp_path, with_bot=False)
    honest = RandomFaults(sandbox, 3, lies=False)
    assert not any(honest.draw().lie for _ in range(2_000))
    assert any(trouble.lie for trouble in TROUBLES if trouble.place is Place.DISCORD)
    sandbox.world.close()


async def test_lasting_faults_end_with_the_random_faults(tmp_path: Path) -> None:
    """Once cleared, the stand-ins are normal: the token is valid, the gateway sends, channels are open."""
    async with Sandbox(data_dir=tmp_path, with_bot=False) as sandbox:
        token, random_faults = sandbox.world.token, RandomFaults(sandbox, 1)
        for name in ("state/token-reset", "state/locked-out", "gateway/silence", "gateway/no-guilds", "submit/reset"):
            trouble = named(name)
            assert trouble is not None
            random_faults.strike(trouble)
        assert random_faults.deadly
        await random_faults.clear()
        assert sandbox.world.token == token
        assert not any(channel.overwrites for channel in sandbox.world.channels.values())
        assert sandbox.faults.gateway.ready == "whole"
