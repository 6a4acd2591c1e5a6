"""`python -m benchmarks soak`: an hour of a busy bot in some minutes, and whether resource use grows.

All waits are divided by one factor: the provider's, the bot's polls, the members'. Leaks don't depend on time: open
files, tasks and memory that remain after each picture grow all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import re
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import click
from PIL import Image

from benchmarks.process import free_port, status
from sandbox.apimaster import Fault, Knobs
from sandbox.driver import DriverError
from sandbox.stack import Sandbox

_MEMBERS: Final = ("alice", "bob", "mod")
_FIRST_POLL_S, _POLL_S, _PICTURE_S = 12.0, 4.0, 25.0
_REQUESTS_A_MINUTE: Final = 18.0
"""About one every three seconds, for some 30 pictures a minute."""
_PRIVATE: Final = 0.1
_TROUBLE_EVERY_S: Final = 300.0
_QUARTERS: Final = 4
_SAMPLES: Final = 50
_AT_REST_WITHIN_S: Final = 120.0
_LOOKS: Final = 12
_EVERY_S: Final = 0.5
_MOST_GROWTH: Final = {
    "rss_mb": (0.05, 4.0),
    "files": (0.0, 2.0),
    "sockets": (0.0, 64.0),
    "tasks": (0.0, 3.0),
    "threads": (0.0, 1.0),
}
"""The allowed growth at rest from the second to the last quarter: a fraction, and an absolute allowance for noise.

Idle connections are kept open for a while, at most 64 to Discord and 64 to the provider.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The resources of the bot's process at one moment."""

    rss_mb: float
    files: float
    sockets: float
    tasks: float
    threads: float


def grown(earlier: Sample, later: Sample) -> dict[str, tuple[float, float]]:
    """The resources that grew by more than allowed, by name, as (before, after)."""
    pairs = {name: (getattr(earlier, name), getattr(later, name)) for name in _MOST_GROWTH}
    return {
        name: (before, after)
        for name, (before, after) in pairs.items()
        if after > before * (1 + _MOST_GROWTH[name][0]) + _MOST_GROWTH[name][1]
    }


@click.command()
@click.option("--minutes", default=60.0, show_default=True, type=click.FloatRange(1), help="How long, for the bot.")
@click.option("--speed", default=30.0, show_default=True, type=click.FloatRange(1), help="How many times faster.")
@click.option("--seed", default=1, show_default=True, help="What is drawn.")
def soak(*, minutes: float, speed: float, seed: int) -> None:
    """Let members order for an hour at many times the speed; fail if memory, files or tasks grow."""
    if not asyncio.run(_Soak(minutes=minutes, speed=speed, seed=seed).run()):
        raise SystemExit(1)


class _Soak:
    def __init__(self, *, minutes: float, speed: float, seed: int) -> None:
        self._lasts_s = minutes * 60 / speed
        self._speed = speed
        self._rng = random.Random(seed)  # noqa: S311 - traffic
        self._sent = 0
        self._port = free_port()
        self._sandbox = Sandbox(
            knobs=Knobs(latency_s=_PICTURE_S / speed, plain_pictures=True, balance=1e9),
            env={
                "FIRST_POLL_SECONDS": f"{_FIRST_POLL_S / speed:.3f}",
                "POLL_SECONDS": f"{_POLL_S / speed:.3f}",
                "PER_USER_RUNNING": "50",
                "PER_USER_PENDING": "500",
                "HTTP_PORT": str(self._port),
            },
        )

    async def run(self) -> bool:
        """Run it, print the table, and return whether nothing grew."""
        click.echo(f"{'':<22}{'RSS':>12}{'files':>8}{'sockets':>9}{'tasks':>8}{'threads':>9}")
        async with self._sandbox, aiohttp.ClientSession() as session:
            await self._sandbox.wait_for_bot()
            _tell("at rest, before", nothing := await self._sample(session))
            rests = []
            for quarter in range(1, _QUARTERS + 1):
                async with self._under_way():
                    _tell(f"quarter {quarter}, mean", *[sample async for sample in self._samples(session)])
                rests.append(await self._at_rest(session, nothing))
                _tell(f"quarter {quarter}, at rest", rests[-1])
            pictures = len(self._sandbox.apimaster.posts)
        click.echo(f"\n{self._sent:,} commands, {pictures:,} orders, {self._lasts_s:.0f} s of traffic")
        found = grown(rests[1], rests[-1])
        for name, (second, last) in found.items():
            click.echo(f"{name} grew from {second:.1f} to {last:.1f}", err=True)
        return not found

    @contextlib.asynccontextmanager
    async def _under_way(self) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(self._traffic(), name="traffic"),
            asyncio.create_task(self._troubles(), name="troubles"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    async def _samples(self, session: aiohttp.ClientSession) -> AsyncIterator[Sample]:
        quarter_s = self._lasts_s / _QUARTERS
        ends_at = time.monotonic() + quarter_s
        while time.monotonic() < ends_at:
            await asyncio.sleep(quarter_s / _SAMPLES)
            yield await self._sample(session)

    async def _sample(self, session: aiohttp.ClientSession) -> Sample:
        async with session.get(f"http://127.0.0.1:{self._port}/metrics") as answer:
            page = await answer.text()
        return await asyncio.to_thread(_read_sample, self._sandbox.bot.pid or 0, _number(page, "imagine_tasks"))

    async def _traffic(self) -> None:
        """Send members' commands, random but at a steady rate."""
        while True:
            await asyncio.sleep(self._rng.expovariate(_REQUESTS_A_MINUTE * self._speed / 60))
            with contextlib.suppress(DriverError):  # no answer: the gateway connection was just lost
                await self._one_command(self._rng.choice(_MEMBERS))

    async def _one_command(self, member: str) -> None:
        self._sent += 1
        driver, prompt = self._sandbox.driver, f"picture {self._sent}"
        match self._rng.choices(("imagine", "remix", "queue", "gallery", "style"), (70, 12, 6, 6, 6))[0]:
            case "imagine":
                options = {
                    "prompt": prompt,
                    "count": self._rng.choice((1, 1, 2, 4)),
                    "private": self._rng.random() < 0.1,
                }
                await driver.slash(member, "imagine", options, channel=self._rng.choice(("general", "art", "dm")))
            case "remix":
                await driver.slash(member, "remix", {"prompt": prompt}, files={"image1": ("a.png", _PICTURE)})
            case "style":
                await driver.autocomplete(member, "imagine", "style", "n", {"prompt": prompt})
            case other:
                await driver.slash(member, other)

    async def _troubles(self) -> None:
        """Inject the faults of an hour: lost connections, failed tasks, missing responses, expired tokens."""
        sandbox = self._sandbox
        while True:
            await asyncio.sleep(_TROUBLE_EVERY_S / self._speed)
            for fault in (Fault.task_fails("no luck"), Fault.http(500), Fault.reset()):
                sandbox.apimaster.script(fault)
            sandbox.faults.fail_next("PATCH /webhooks/*", 500, times=5)
            sandbox.faults.expire_all_tokens()
            await sandbox.faults.drop_gateway(self._rng.choice((1000, 1001, 4000, 4009)))

    async def _at_rest(self, session: aiohttp.ClientSession, nothing: Sample) -> Sample:
        """The resources when everything is delivered and idle connections are closed.

        Raises TimeoutError if the tasks don't finish.
        """
        async with asyncio.timeout(_AT_REST_WITHIN_S):
            most = nothing.tasks + _MOST_GROWTH["tasks"][1]
            while (await self._sample(session)).tasks > most:  # noqa: ASYNC110 - another process's tasks
                await asyncio.sleep(0.5)
        found = []
        for _ in range(_LOOKS):
            await asyncio.sleep(_EVERY_S)
            found.append(await self._sample(session))
        # Work in progress only adds to the resources at rest, so the minimum is the value at rest.
        return Sample(**{name: min(getattr(sample, name) for sample in found) for name in _MOST_GROWTH})


def _tell(name: str, *samples: Sample) -> None:
    """Print a line of the table: the mean of these samples."""
    rss_mb, files, sockets, tasks, threads = (statistics.fmean(getattr(s, f) for s in samples) for f in _MOST_GROWTH)
    click.echo(f"{name:<22}{rss_mb:>9.1f} MB{files:>8.1f}{sockets:>9.1f}{tasks:>8.1f}{threads:>9.1f}")


def _read_sample(pid: int, tasks: float) -> Sample:
    opened = [_target(descriptor) for descriptor in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = sum(target.startswith("socket:") for target in opened)
    return Sample(
        rss_mb=status(pid, "VmRSS") / 1024,
        files=len(opened) - sockets,
        sockets=sockets,
        tasks=tasks,
        threads=status(pid, "Threads"),
    )


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""


def _number(text: str, name: str) -> float:
    found = re.search(rf"^{name}\s+([\d.e+]+)", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"{name} is not told")
    return float(found[1])


def _small_picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()


_PICTURE: Final = _small_picture()
