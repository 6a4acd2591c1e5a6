"""Hostile responses of the provider: how long they block the bot for others, and how much memory they take.

`python -m benchmarks.attack.provider_answers` runs each shape against the real bot; exit code 1: a limit is exceeded.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from benchmarks.attack.hostile_provider import SHAPES, hostile_provider
from benchmarks.load.discord import Typed, delays_s
from benchmarks.load.rig import rig
from benchmarks.load.stalls import stalls_s
from benchmarks.process import free_port
from sandbox.apimaster import Knobs

MOST_HOLD_S: Final = 0.05
MOST_ACKNOWLEDGE_S: Final = 0.1
MOST_GROWTH_MB: Final = 200.0
_KEY: Final = "sandbox-key"
_EVERY_S: Final = 0.1
_BYSTANDERS: Final = range(1_000, 1_100)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerResult:
    """The result for one shape, in seconds and millions of bytes. `hold_s` is the longest event loop stall."""

    shape: str
    jobs: int
    acknowledged: int
    acknowledge_p99_s: float
    hold_s: float
    hold_p99_s: float
    before_mb: float
    peak_mb: float

    @property
    def kept(self) -> bool:
        """Whether other members were unaffected: acknowledgements, event loop stalls and memory within their limits."""
        quick = self.acknowledge_p99_s < MOST_ACKNOWLEDGE_S and self.hold_p99_s < MOST_HOLD_S
        return quick and self.peak_mb - self.before_mb < MOST_GROWTH_MB


async def measure(shape: str, *, jobs: int = 1, seconds: float = 10.0) -> AnswerResult:
    """Let this many members order one picture each from a hostile provider, while others use the bot."""
    port = free_port()
    async with hostile_provider(shape) as base_url:
        settings = {
            "APIMASTER_BASE_URL": base_url,
            "APIMASTER_API_KEY": _KEY,
            "FIRST_POLL_SECONDS": "1",
            "POLL_SECONDS": "2",
            "HTTP_PORT": str(port),
        }
        async with rig(settings, Knobs(unlimited=True)) as stage:
            before_mb = stage.memory_mb()
            for number in range(jobs):
                await stage.discord.type_imagine(number, f"attack {number}")
            typed: list[Typed] = []
            async with stalls_s(port) as waits:
                began = time.monotonic()
                while time.monotonic() - began < seconds:
                    number = _BYSTANDERS[len(typed) % len(_BYSTANDERS)]
                    typed.append(await stage.discord.type_command(number, "queue", {}))
                    await asyncio.sleep(_EVERY_S)
            peak_mb = stage.peak_mb()
    delays, holds = delays_s(typed), sorted(waits)
    missing = [float("inf")] * (len(typed) - len(delays))
    return AnswerResult(
        shape=shape,
        jobs=jobs,
        acknowledged=len(delays),
        acknowledge_p99_s=_p99([*delays, *missing]),
        hold_s=holds[-1] if holds else float("inf"),
        hold_p99_s=_p99(holds),
        before_mb=before_mb,
        peak_mb=peak_mb,
    )


def _p99(values: Sequence[float]) -> float:
    return values[len(values) * 99 // 100] if values else float("inf")


HEADER: Final = (
    f"{'answer':<26}{'jobs':>5}{'ack p99':>10}{'loop p99':>10}{'longest':>10}{'memory before':>15}{'at most':>9}"
)


def line(result: AnswerResult) -> str:
    """One row of the table."""
    return (
        f"{result.shape:<26}{result.jobs:>5}{result.acknowledge_p99_s * 1e3:>7.0f} ms{result.hold_p99_s * 1e3:>7.0f} ms"
        f"{result.hold_s * 1e3:>7.0f} ms{result.before_mb:>12.0f} MB{result.peak_mb:>6.0f} MB"
        f"{'' if result.kept else '   BROKEN'}"
    )


@click.command()
@click.option("--shape", "shapes", multiple=True, type=click.Choice(list(SHAPES)), help="Only these; else all.")
@click.option("--jobs", default=1, show_default=True, help="How many pictures are asked about at once.")
@click.option("--seconds", default=10.0, show_default=True, help="How long each.")
def main(*, shapes: tuple[str, ...], jobs: int, seconds: float) -> None:
    """Print the table; exit code 1 if other members were affected."""
    click.echo(HEADER)
    results = []
    for shape in shapes or SHAPES:
        results.append(asyncio.run(measure(shape, jobs=jobs, seconds=seconds)))
        click.echo(line(results[-1]))
    sys.exit(not all(result.kept for result in results))


if __name__ == "__main__":
    main()
