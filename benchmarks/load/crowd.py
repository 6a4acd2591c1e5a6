"""A long line: ten thousand wait, a thousand are being made, and whoever comes meanwhile is answered as ever."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from benchmarks.load.discord import ACKNOWLEDGED_WITHIN_S, Typed
from benchmarks.load.rig import Rig, rig
from benchmarks.load.stalls import free_port, stalls_s
from sandbox.apimaster import Knobs

RUNNING: Final = 1_000
WAITING_EACH: Final = 10
_RUNNING_EACH: Final = 2
_TYPED_PER_S: Final = 250
_A_PICTURE_TAKES_S: Final = 60.0
_FULL_WITHIN_S: Final = 120.0
_GREW_MB: Final = 30.0
_STALL_S: Final = 0.05
_FULL_SHARE: Final = 0.9
"""Of what is promised, so much has to wait and be made at some moment, or nothing was measured."""

_LINE: Final = "SELECT SUM(state = 'queued'), SUM(state = 'running'), SUM(state = 'delivered') FROM jobs"
_MOST_OF_ONE: Final = (
    "SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM jobs WHERE state IN ('submitting', 'running') "
    "GROUP BY user_id)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The line at one moment; memory in millions of bytes."""

    waiting: int
    running: int
    delivered: int
    most_of_one: int
    memory_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What it came to: the crowd's own commands, those of whoever came later, a look every second, and stalls."""

    crowd: Sequence[Typed]
    later: Sequence[Typed]
    looks: Sequence[Look]
    cpu_share: float
    stalls_s: Sequence[float]
    """How long the event loop kept others waiting, the shortest first."""


async def crowd(*, members: int, seconds: float) -> Seen:
    """Fill the line, then let it run for so long while somebody new types once a second."""
    knobs = Knobs(unlimited=True, latency_s=_A_PICTURE_TAKES_S, plain_pictures=True)
    port = free_port()
    settings = {"MAX_RUNNING": str(RUNNING), "PER_USER_PENDING": str(WAITING_EACH), "HTTP_PORT": str(port)}
    async with rig(settings, knobs) as stage:
        typed = []
        began = time.monotonic()
        for count in range(members * (WAITING_EACH + 1)):
            await asyncio.sleep(max(0.0, began + count / _TYPED_PER_S - time.monotonic()))
            typed.append(await stage.discord.type_imagine(count % members, f"order {count}"))
        await _full(stage, members)
        cpu_s, began = stage.cpu_s(), time.monotonic()
        later, looks = [], []
        async with stalls_s(port) as stalls:
            for second in range(int(seconds)):
                later.append(await stage.discord.type_imagine(members + second, "a newcomer"))
                looks.append(_look(stage))
                await asyncio.sleep(max(0.0, began + second + 1 - time.monotonic()))
        share = (stage.cpu_s() - cpu_s) / (time.monotonic() - began)
        await asyncio.sleep(ACKNOWLEDGED_WITHIN_S)
        return Seen(crowd=typed, later=later, looks=looks, cpu_share=share, stalls_s=sorted(stalls))


async def _full(stage: Rig, members: int) -> None:
    end = time.monotonic() + _FULL_WITHIN_S
    while time.monotonic() < end:
        look = _look(stage)
        if look.running >= _made_at_once(members) and look.waiting >= members * (WAITING_EACH - 2):
            return
        await asyncio.sleep(0.5)


def _made_at_once(members: int) -> int:
    return min(RUNNING, members * _RUNNING_EACH)


def _look(stage: Rig) -> Look:
    waiting, running, delivered, most = _line(stage.data_dir / "bot.db")
    return Look(waiting=waiting, running=running, delivered=delivered, most_of_one=most, memory_mb=stage.memory_mb())


def _line(database: Path) -> tuple[int, int, int, int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        waiting, running, delivered = (int(number or 0) for number in db.execute(_LINE).fetchone())
        return waiting, running, delivered, int(db.execute(_MOST_OF_ONE).fetchone()[0])


def told(seen: Seen) -> bool:
    """Print the table; returns whether every promise was kept."""
    looks, half = seen.looks, len(seen.looks) // 2
    late = {name: sum(_late(t) for t in typed) for name, typed in (("crowd", seen.crowd), ("later", seen.later))}
    delays = sorted(t.acknowledged_at - t.sent_at for t in seen.later if t.acknowledged_at is not None)
    grew_mb = max(look.memory_mb for look in looks[half:]) - max(look.memory_mb for look in looks[:half])
    most = max(look.running for look in looks)
    click.echo(f"typed               {len(seen.crowd):,}; answered later than 3 s or never: {late['crowd']:,}")
    click.echo(f"line                {looks[0].waiting:,} waiting at first, {looks[-1].waiting:,} at last")
    click.echo(
        f"being made          {min(look.running for look in looks):,} to {most:,}; of one member at most "
        f"{max(look.most_of_one for look in looks)}"
    )
    click.echo(f"delivered           {looks[-1].delivered - looks[0].delivered:,} in {len(looks):,} s")
    click.echo(
        f"newcomers           {len(seen.later):,}; late: {late['later']:,}; longest {max(delays, default=0):.3f} s"
    )
    click.echo(f"processor           {seen.cpu_share:.0%} of one core")
    click.echo(f"memory              {looks[0].memory_mb:.0f} MB, {looks[-1].memory_mb:.0f} MB at last")
    p99_s, longest_s = seen.stalls_s[len(seen.stalls_s) * 99 // 100], seen.stalls_s[-1]
    click.echo(f"event loop          p99 {p99_s * 1e3:.0f} ms, longest {longest_s * 1e3:.0f} ms")
    within = most <= RUNNING and all(look.most_of_one <= _RUNNING_EACH for look in looks)
    return not any(late.values()) and within and _was_full(seen) and p99_s < _STALL_S and grew_mb < _GREW_MB


def _was_full(seen: Seen) -> bool:
    """Whether as much waited and was made as was to be borne: half of it would prove nothing."""
    members = len({typed.number for typed in seen.crowd})
    expected = members * WAITING_EACH
    waiting, running = (max(getattr(look, name) for look in seen.looks) for name in ("waiting", "running"))
    if waiting >= expected * _FULL_SHARE and running >= _made_at_once(members) * _FULL_SHARE:
        return True
    click.echo(f"NOT FULL            at most {waiting:,} waited and {running:,} were made at once")
    return False


def _late(typed: Typed) -> bool:
    return typed.acknowledged_at is None or typed.acknowledged_at - typed.sent_at > ACKNOWLEDGED_WITHIN_S
