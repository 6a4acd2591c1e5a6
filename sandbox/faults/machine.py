"""Faults of the machine that the bot runs on: its disk and its clock."""

import asyncio
import contextlib
import random
from collections.abc import Iterator

from sandbox.faults.fault import NamedFault, Place, Strike
from sandbox.machine import Machine
from sandbox.stack import Sandbox

_SPELL_S = (0.3, 2.5)
_HOUR_S = 3_600
_LARGEST_BYTES = 64 * 1024
"""The file size limit that simulates a full disk: files can be overwritten, but hardly grow."""
_JUMPS = (
    ("back", "jumps back an hour", -_HOUR_S),
    ("forward", "jumps forward an hour", _HOUR_S),
    ("days-forward", "jumps forward two days", 48 * _HOUR_S),
)


def troubles() -> Iterator[NamedFault]:
    """All faults of the machine. Process limits need nothing; the others need a sandbox with a `machine`."""
    yield _of_disk("refused", "read-only for a while: every write fails", _limiting(0))
    yield _of_disk("full", "full for a while: no file grows", _limiting(_LARGEST_BYTES))
    yield _of_disk("slow", "slow for a while: whatever is forced to disk takes its time", _slow, on_machine=True)
    for name, label, seconds in _JUMPS:
        yield NamedFault(
            name=f"clock/{name}", place=Place.CLOCK, label=label, strike=_jumping(seconds), possible=_has_machine
        )
    yield NamedFault(
        name="clock/right", place=Place.CLOCK, label="is set right", strike=_set_right, possible=_has_machine
    )


def _of_disk(name: str, label: str, strike: Strike, *, on_machine: bool = False) -> NamedFault:
    possible = _has_machine if on_machine else _always
    return NamedFault(name=f"disk/{name}", place=Place.DISK, label=label, strike=strike, possible=possible)


def _always(_: Sandbox) -> bool:
    return True


def _has_machine(box: Sandbox) -> bool:
    return box.machine is not None


def _limiting(largest_bytes: int) -> Strike:
    async def strike(box: Sandbox, rng: random.Random) -> None:
        pid = box.bot.pid
        if pid is None or not box.bot.alive or not box.discord.gateway.online:
            return  # a bot that is still starting would exit with an error message
        with contextlib.suppress(ProcessLookupError):  # it was killed: its limit ended with it
            Machine.limit_files(pid, largest_bytes)
            try:
                await asyncio.sleep(rng.uniform(*_SPELL_S))
            finally:
                Machine.limit_files(pid, None)

    return strike


async def _slow(box: Sandbox, rng: random.Random) -> None:
    if box.machine is None:
        return
    box.machine.slow_commits(rng.uniform(0.1, 1.0))
    try:
        await asyncio.sleep(rng.uniform(*_SPELL_S))
    finally:
        box.machine.slow_commits(0)


def _jumping(seconds: float) -> Strike:
    def strike(box: Sandbox, _: random.Random) -> None:
        if box.machine is not None:
            box.machine.set_clock(box.machine.clock_s + seconds)

    return strike


def _set_right(box: Sandbox, _: random.Random) -> None:
    if box.machine is not None:
        box.machine.set_clock(0)
