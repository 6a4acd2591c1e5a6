"""`python -m benchmarks.attack.http_port`: members order pictures while slow connections fill the bot's HTTP port."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import click

from benchmarks.load.discord import delays_s
from benchmarks.load.rig import Rig, rig
from benchmarks.process import free_port
from sandbox.apimaster import Knobs

_ROOT: Final = Path(__file__).resolve().parents[2]
_FILES: Final = 1_024
"""The bot's limit of open files: the usual one of a service, which it can't raise here."""
_MEMBERS: Final = 40
_DELIVERED_WITHIN_S: Final = 20.0
_MONITOR_EVERY_S: Final = 0.5
_MONITOR_WAITS_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPortResult:
    """The result of an attack on the port. Memory in millions of bytes; `monitor_*` counts requests to `/healthz`."""

    connections: int
    ordered: int
    acknowledged: int
    acknowledged_p99_s: float
    delivered: int
    files_before: int
    files_peak: int
    memory_before_mb: float
    memory_peak_mb: float
    monitor_asked: int
    monitor_answered: int
    cpu_s: float

    def __str__(self) -> str:
        return (
            f"{self.connections:,} slow connections: {self.acknowledged} of {self.ordered} commands acknowledged, "
            f"p99 {self.acknowledged_p99_s * 1_000:.0f} ms; {self.delivered} pictures delivered; "
            f"files {self.files_before} to {self.files_peak} of {_FILES}; "
            f"memory {self.memory_before_mb:.0f} to {self.memory_peak_mb:.0f} MB; "
            f"/healthz answered {self.monitor_answered} of {self.monitor_asked}; {self.cpu_s:.1f} s of processor"
        )


@dataclass(slots=True)
class _Watched:
    files: int = 0
    memory_mb: float = 0.0
    asked: int = 0
    answered: int = 0


async def slow_headers(*, connections: int = 1_500, orders: int = 100, seconds: float = 10.0) -> HttpPortResult:
    """Let members order at an even rate while the connections are held; returns the results of both."""
    port = free_port()
    settings = {
        "HTTP_PORT": str(port),
        "FIRST_POLL_SECONDS": "0.3",
        "POLL_SECONDS": "0.2",
        "PER_USER_PENDING": str(orders),
        "PER_USER_RUNNING": "5",
    }
    async with rig(settings, Knobs(latency_s=0.3, plain_pictures=True)) as stage:
        resource.prlimit(stage.bot.pid or 0, resource.RLIMIT_NOFILE, (_FILES, _FILES))
        before = _Watched(files=stage.files(), memory_mb=stage.memory_mb())
        watched, cpu_before_s = _Watched(), stage.cpu_s()
        async with _attackers(port, connections), _watching(stage, port, watched):
            await asyncio.sleep(3.0)  # until they are open
            typed = []
            for number in range(orders):
                typed.append(await stage.discord.type_imagine(number % _MEMBERS, f"order {number}"))
                await asyncio.sleep(seconds / orders)
            end = time.monotonic() + _DELIVERED_WITHIN_S
            while time.monotonic() < end and not all(each.files for each in typed):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        delays = delays_s(typed)
        return HttpPortResult(
            connections=connections,
            ordered=orders,
            acknowledged=sum(not each.late for each in typed),
            acknowledged_p99_s=delays[int(0.99 * (len(delays) - 1))] if delays else float("inf"),
            delivered=sum(each.files > 0 for each in typed),
            files_before=before.files,
            files_peak=watched.files,
            memory_before_mb=before.memory_mb,
            memory_peak_mb=watched.memory_mb,
            monitor_asked=watched.asked,
            monitor_answered=watched.answered,
            cpu_s=stage.cpu_s() - cpu_before_s,
        )


@asynccontextmanager
async def _attackers(port: int, count: int) -> AsyncIterator[None]:
    """Hold the slow connections, in a separate process."""
    if not count:
        yield
        return
    command = (sys.executable, "-m", "benchmarks.attack.slow_connections", str(port), str(count))
    process = await asyncio.create_subprocess_exec(*command, cwd=_ROOT)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _watching(stage: Rig, port: int, watched: _Watched) -> AsyncIterator[None]:
    """Record peak open files and memory, and request `/healthz` as a monitor does."""

    async def look() -> None:
        timeout = aiohttp.ClientTimeout(total=_MONITOR_WAITS_S)
        while True:
            watched.files = max(watched.files, stage.files())
            watched.memory_mb = max(watched.memory_mb, stage.memory_mb())
            watched.asked += 1
            try:
                async with (
                    aiohttp.ClientSession(timeout=timeout) as session,
                    session.get(f"http://127.0.0.1:{port}/healthz") as answer,
                ):
                    watched.answered += answer.status in (200, 503)
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(_MONITOR_EVERY_S)

    task = asyncio.create_task(look(), name="watching")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def kept(result: HttpPortResult) -> bool:
    """Whether members were unaffected, and the bot used less than half of its file descriptors."""
    return (
        result.acknowledged == result.delivered == result.ordered
        and result.files_peak < _FILES // 2
        and result.monitor_answered >= result.monitor_asked - 2  # a monitor retries
    )


@click.command()
@click.option("--connections", default=1_500, show_default=True, type=click.IntRange(0, 5_000), help="How many.")
@click.option("--orders", default=100, show_default=True, type=click.IntRange(1), help="How many pictures are ordered.")
def main(*, connections: int, orders: int) -> None:
    """Measure once; exit code 1 if members or monitors were not served."""
    result = asyncio.run(slow_headers(connections=connections, orders=orders))
    click.echo(str(result))
    sys.exit(not kept(result))


if __name__ == "__main__":
    main()
