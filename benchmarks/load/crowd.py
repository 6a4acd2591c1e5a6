"""A long queue: ten thousand pictures wait, a thousand are running, and new members must be answered as fast as ever.

The durations of pictures and the bot's poll intervals are divided by one factor: an hour passes in minutes. Response
times are not scaled: Discord's three seconds apply to them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from benchmarks.load import witness
from benchmarks.load.discord import ACKNOWLEDGED_WITHIN_S, Typed, delays_s
from benchmarks.load.rig import Rig, rig
from benchmarks.load.stalls import stalls_s
from benchmarks.process import free_port
from sandbox.apimaster import Knobs

RUNNING: Final = 1_000
WAITING_EACH: Final = 10
_RUNNING_EACH: Final = 2
_TYPED_PER_S: Final = 100
_A_PICTURE_TAKES_S: Final = 360.0
_FIRST_POLL_S, _POLL_S, _TIMEOUT_S = 12.0, 4.0, 1_200.0
_FULL_WITHIN_S: Final = 50.0
_SETTLES_WITHIN_S: Final = 30.0
_MORE_A_SECOND: Final = 5
_TYPED_AGAIN_WITHIN_S: Final = 5.0
_STOPPED_WITHIN_S: Final = 10.0
_ONLINE_WITHIN_S: Final = 60.0
_RIGHT_AFTER_IT: Final = 40
_RIGHT_AFTER_EACH_S: Final = 0.25
_TELL_EVERY_S: Final = 60
_GREW_MB: Final = 30.0
_STALL_S: Final = 0.05
_FULL_SHARE: Final = 0.9
"""Share of the specified load that must be queued and running at all times for a valid measurement."""

_WAITING: Final = "SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND owner IS NULL"
_MADE: Final = (
    "SELECT COALESCE(SUM(n), 0), COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM jobs "
    "WHERE state IN ('submitting', 'running') GROUP BY user_id)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The queue at one moment; memory in millions of bytes, `delivered` since the start."""

    waiting: int
    running: int
    most_of_one: int
    delivered: int
    memory_mb: float
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Seconds from SIGTERM to exit, the exit code, seconds until online again, and commands sent right after."""

    stopped_s: float
    code: int | None
    online_s: float
    later: Sequence[Typed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The results: the original members' commands, those of later ones, a sample per second, and event loop stalls."""

    crowd: Sequence[Typed]
    later: Sequence[Typed]
    looks: Sequence[Look]
    restart: Restart
    twice_ordered: int
    """Prompts that reached the provider more than once."""
    cpu_share: float
    stalls_s: Sequence[float]
    """Response times of the event loop, sorted ascending."""


@dataclass(slots=True)
class _Crowd:
    """Members who each have one picture running and ten queued, and order the next one when one is delivered."""

    stage: Rig
    members: int
    picture_s: float
    rng: random.Random
    typed: list[Typed] = field(default_factory=list)
    later: list[Typed] = field(default_factory=list)
    delivered: int = 0
    _thinking: set[asyncio.Task[None]] = field(default_factory=set)

    async def fill(self) -> None:
        """Let all members order, in turn, and wait until the queue is full."""
        knobs, orders = self.stage.provider.knobs, self.members * (WAITING_EACH + 1)
        began = time.monotonic()
        for count in range(orders):
            # No picture is finished before all have ordered; then they finish evenly.
            knobs.latency_s = (orders - count) / _TYPED_PER_S + self.rng.uniform(0.5, 1.5) * self.picture_s
            await asyncio.sleep(max(0.0, began + count / _TYPED_PER_S - time.monotonic()))
            await self._type(count % self.members)
        knobs.latency_s = self.picture_s
        self.stage.discord.on_picture = self._has_come
        end = time.monotonic() + _FULL_WITHIN_S
        while time.monotonic() < end and not full([await self.look()], self.members):  # noqa: ASYNC110 - another process's rows
            await asyncio.sleep(0.5)

    def _has_come(self, typed: Typed) -> None:
        self.delivered += 1
        if typed.number < self.members:
            thinking = asyncio.create_task(self._order_again(typed.number), name=f"member {typed.number}")
            self._thinking.add(thinking)
            thinking.add_done_callback(self._thinking.discard)

    async def _order_again(self, number: int) -> None:
        await asyncio.sleep(self.rng.uniform(0.0, _TYPED_AGAIN_WITHIN_S))
        await self._type(number)

    async def _type(self, number: int) -> None:
        self.typed.append(await self.stage.discord.type_imagine(number, f"order {len(self.typed)}"))

    async def fill_up(self, look: Look) -> None:
        """Let members order to replace orders that were refused because their queue was full."""
        missing = self.members * (WAITING_EACH + 1) - _made_at_once(self.members) - look.waiting
        for number in self.rng.sample(range(self.members), min(max(missing, 0), self.members, _MORE_A_SECOND)):
            await self._type(number)

    async def newcomer(self) -> None:
        """Let a new member order."""
        number = self.members + len(self.later)
        self.later.append(await self.stage.discord.type_imagine(number, f"newcomer {number}"))

    async def look(self) -> Look:
        """Take a sample."""
        waiting, running, most = await asyncio.to_thread(_line, self.stage.data_dir / "bot.db")
        return Look(
            waiting=waiting,
            running=running,
            most_of_one=most,
            delivered=self.delivered,
            memory_mb=self.stage.memory_mb(),
            files=self.stage.files(),
        )

    async def restart(self) -> Restart:
        """Stop and restart the bot under this load, while new members order."""
        before, began = len(self.later), time.monotonic()
        await self.stage.bot.stop(_STOPPED_WITHIN_S)
        stopped, code = time.monotonic(), self.stage.bot.returncode
        await self.stage.bot.start()
        async with asyncio.timeout(_ONLINE_WITHIN_S):
            await self.stage.discord.online()
        online = time.monotonic()
        for _ in range(_RIGHT_AFTER_IT):
            await self.newcomer()
            await asyncio.sleep(_RIGHT_AFTER_EACH_S)
        return Restart(stopped_s=stopped - began, code=code, online_s=online - stopped, later=self.later[before:])

    async def rest(self) -> None:
        """Stop all orders, and let the bot answer those already sent."""
        self.stage.discord.on_picture = lambda _: None
        for thinking in list(self._thinking):
            thinking.cancel()
        await asyncio.gather(*self._thinking, return_exceptions=True)
        await asyncio.sleep(ACKNOWLEDGED_WITHIN_S)

    def twice_ordered(self) -> int:
        """How many prompts the provider received more than once."""
        orders = Counter(str(post.body.get("prompt")) for post in self.stage.provider.posts)
        return sum(times > 1 for times in orders.values())


async def crowd(*, members: int, minutes: float, speed: float) -> Seen:
    """Fill the queue, then keep it full for `minutes / speed` minutes while one new member orders per second."""
    knobs = Knobs(unlimited=True, plain_pictures=True)
    port = free_port()
    settings = {
        "MAX_RUNNING": str(RUNNING),
        "PER_USER_PENDING": str(WAITING_EACH),
        "HTTP_PORT": str(port),
        "FIRST_POLL_SECONDS": f"{_FIRST_POLL_S / speed:.3f}",
        "POLL_SECONDS": f"{_POLL_S / speed:.3f}",
        "JOB_TIMEOUT_SECONDS": f"{_TIMEOUT_S / speed:.3f}",
    }
    async with rig(settings, knobs) as stage:
        rng = random.Random(members)  # noqa: S311 - traffic
        people = _Crowd(stage=stage, members=members, picture_s=_A_PICTURE_TAKES_S / speed, rng=rng)
        await people.fill()
        looks = []
        cpu_s, began = stage.cpu_s(), time.monotonic()
        async with stalls_s(port) as stalls:
            for second in range(max(1, int(minutes * 60 / speed))):
                await people.newcomer()
                looks.append(await people.look())
                await people.fill_up(looks[-1])
                if second % _TELL_EVERY_S == 0:
                    click.echo(f"{second * speed / 60:>3.0f} min  {_one_line(looks[-1])}", err=True)
                await asyncio.sleep(max(0.0, began + second + 1 - time.monotonic()))
            share = (stage.cpu_s() - cpu_s) / (time.monotonic() - began)
        await people.rest()
        restart = await people.restart()
        await asyncio.sleep(ACKNOWLEDGED_WITHIN_S)
        return Seen(
            crowd=people.typed,
            later=people.later,
            looks=looks,
            restart=restart,
            twice_ordered=people.twice_ordered(),
            cpu_share=share,
            stalls_s=sorted(stalls),
        )


def _one_line(look: Look) -> str:
    return (
        f"{look.waiting:,} wait, {look.running:,} are made, {look.delivered:,} delivered, {look.memory_mb:.0f} MB, "
        f"{look.files} files open"
    )


def _line(database: Path) -> tuple[int, int, int]:
    with witness.opened(database) as db:
        [waiting], (running, most) = db.execute(_WAITING).fetchone(), db.execute(_MADE).fetchone()
        return int(waiting), int(running), int(most)


def told(seen: Seen, members: int) -> bool:
    """Print the table; returns whether every limit was met."""
    looks, half = seen.looks, len(seen.looks) // 2
    late = {name: sum(t.late for t in typed) for name, typed in (("crowd", seen.crowd), ("later", seen.later))}
    refused = sum(typed.private for typed in seen.crowd)
    twice = sum(typed.files > 1 for typed in (*seen.crowd, *seen.later))
    grew_mb = max(look.memory_mb for look in looks[half:]) - max(look.memory_mb for look in looks[:half])
    p99_s, longest_s = seen.stalls_s[len(seen.stalls_s) * 99 // 100], seen.stalls_s[-1]
    click.echo(f"typed               {len(seen.crowd):,}; later than 3 s or never answered: {late['crowd']:,}")
    click.echo(f"refused             {refused:,}")
    click.echo(f"waiting             {_range([look.waiting for look in looks])}")
    click.echo(f"being made          {_range([look.running for look in looks])}")
    click.echo(f"of one member       at most {max(look.most_of_one for look in looks)}")
    click.echo(
        f"delivered           {looks[-1].delivered - looks[0].delivered:,} in {len(looks):,} s; twice: {twice:,}"
    )
    click.echo(f"newcomers           {len(seen.later):,}; late: {late['later']:,}; {_delays(seen.later)}")
    restart = seen.restart
    click.echo(f"stopped             in {restart.stopped_s:.1f} s, code {restart.code}")
    click.echo(f"started again       online after {restart.online_s:.1f} s; newcomers then: {_delays(restart.later)}")
    click.echo(f"ordered twice       {seen.twice_ordered:,}")
    click.echo(f"processor           {seen.cpu_share:.0%} of one core")
    click.echo(f"memory              {looks[0].memory_mb:.0f} MB, {looks[-1].memory_mb:.0f} MB at last")
    click.echo(f"open files          {looks[0].files}, {looks[-1].files} at last")
    click.echo(f"event loop          p99 {p99_s * 1e3:.0f} ms, longest {longest_s * 1e3:.0f} ms")
    if not (was_full := full(looks, members)):
        click.echo("NOT FULL            fewer waited, or were made, than was to be borne")
    within = all(look.running <= RUNNING and look.most_of_one <= _RUNNING_EACH for look in looks)
    quick = not any(late.values()) and p99_s < _STALL_S
    stopped = restart.code == 0 and restart.stopped_s < _STOPPED_WITHIN_S
    once = not twice and not seen.twice_ordered
    return quick and within and was_full and once and stopped and grew_mb < _GREW_MB


def _made_at_once(members: int) -> int:
    return min(RUNNING, members * _RUNNING_EACH)


def full(looks: Sequence[Look], members: int) -> bool:
    """Whether in each sample as many pictures were queued and running as specified."""
    made = _made_at_once(members)
    waiting = members * (WAITING_EACH + 1) - made
    return all(look.waiting >= waiting * _FULL_SHARE and look.running >= made * _FULL_SHARE for look in looks)


def _range(numbers: Sequence[int]) -> str:
    return f"{min(numbers):,} to {max(numbers):,}"


def _delays(typed: Sequence[Typed]) -> str:
    delays = delays_s(typed)
    if not delays:
        return "none was answered"
    return f"median {delays[len(delays) // 2]:.3f} s, longest {delays[-1]:.3f} s"
