"""A crowd types `/imagine`: how soon each is answered, and who gets how much."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from benchmarks.load.discord import Typed
from benchmarks.load.rig import rig
from benchmarks.load.shapes import member_id
from sandbox.apimaster import Knobs
from sandbox.bot_process import Launch

ACKNOWLEDGED_WITHIN_S: Final = 3.0
_PENDING: Final = 10
_RUNNING: Final = 2
_SETTLES_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a burst came to."""

    typed: Sequence[Typed]
    took_s: float
    cpu_s: float
    peak_mb: float
    accepted: Counter[int]
    """How many orders of each member were taken, by the number of the member's user id."""
    order: Sequence[str]
    """The prompts that reached the provider, in this order."""

    def delays_s(self) -> list[float]:
        """From the moment that a command was written to the first answer, the shortest first."""
        return sorted(t.acknowledged_at - t.sent_at for t in self.typed if t.acknowledged_at is not None)


async def burst(*, commands: int, members: int, within_s: float, launch: Launch | None = None) -> Seen:
    """Have `members` type `commands` in turn, evenly within some seconds."""
    knobs = Knobs(unlimited=True, latency_s=600, plain_pictures=True)
    async with rig({"PER_USER_PENDING": str(_PENDING)}, knobs, launch) as stage:
        cpu_s, began = stage.cpu_s(), time.monotonic()
        typed = []
        for count in range(commands):
            await asyncio.sleep(max(0.0, began + count * within_s / commands - time.monotonic()))
            typed.append(await stage.discord.type_imagine(count % members, f"order {count}"))
        took_s = time.monotonic() - began
        await _settled(typed)
        return Seen(
            typed=typed,
            took_s=took_s,
            cpu_s=stage.cpu_s() - cpu_s,
            peak_mb=stage.peak_mb(),
            accepted=_accepted(stage.data_dir / "bot.db"),
            order=[str(post.body.get("prompt")) for post in stage.provider.posts],
        )


async def _settled(typed: Sequence[Typed]) -> None:
    """Wait until the bot has nothing left to say, or its time is over."""
    end = time.monotonic() + _SETTLES_WITHIN_S
    before = -1
    while time.monotonic() < end:
        said = sum(t.edits + (t.acknowledged_at is not None) for t in typed)
        if said == before:
            return
        before = said
        await asyncio.sleep(2.0)


def _accepted(database: Path) -> Counter[int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return Counter(dict(db.execute("SELECT user_id, COUNT(*) FROM jobs GROUP BY user_id")))


def told(seen: Seen, members: int) -> bool:
    """Print the table; returns whether every promise was kept."""
    delays = seen.delays_s()
    answered = len(delays)
    late = sum(delay > ACKNOWLEDGED_WITHIN_S for delay in delays) + len(seen.typed) - answered
    click.echo(f"commands            {len(seen.typed):,} of {members:,} members in {seen.took_s:.1f} s")
    click.echo(f"acknowledged        {answered:,}; later than {ACKNOWLEDGED_WITHIN_S:g} s or never: {late:,}")
    if delays:
        middle, nearly_all = delays[answered // 2], delays[answered * 99 // 100]
        click.echo(f"after               median {middle:.3f} s, p99 {nearly_all:.3f} s, longest {delays[-1]:.3f} s")
    counts = sorted(Counter(seen.accepted.values()).items())
    shares = ", ".join(f"{number:,} with {share}" for share, number in counts)
    click.echo(f"accepted            {sum(seen.accepted.values()):,}: members {shares}")
    first = {int(prompt.split()[-1]) % members for prompt in seen.order}
    click.echo(f"at the provider     {len(seen.order):,} orders of {len(first):,} members")
    click.echo(f"processor           {seen.cpu_s:.1f} s, {seen.cpu_s / len(seen.typed) * 1e3:.2f} ms a command")
    click.echo(f"memory, at most     {seen.peak_mb:.0f} MB")
    return late == 0 and _fair(seen, members) and len(first) == min(len(seen.order), members)


def _fair(seen: Seen, members: int) -> bool:
    """Whether every member has as many orders as fit their line, no more and no fewer."""
    typed = Counter(t.number for t in seen.typed)
    shares = [seen.accepted[int(member_id(number))] for number in range(members)]
    return all(
        min(typed[number], _PENDING) <= share <= _PENDING + _RUNNING and share <= typed[number]
        for number, share in enumerate(shares)
    )
