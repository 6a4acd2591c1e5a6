"""`python -m benchmarks load`: tests of the load that the bot is specified for."""

from __future__ import annotations

import asyncio
import sys

import click

from benchmarks.load import burst, crowd, pictures


@click.group()
def load() -> None:
    """Put the bot under load; exit code 1: a limit is exceeded."""


@load.command("burst")
@click.option("--commands", default=5_000, show_default=True, help="How many are typed.")
@click.option("--members", default=500, show_default=True, help="By how many members, one of whom floods.")
@click.option("--seconds", default=10.0, show_default=True, help="Within how long.")
@click.option("--seed", default=1, show_default=True, help="Who types when.")
def burst_command(*, commands: int, members: int, seconds: float, seed: int) -> None:
    """Send a burst of /imagine: each is answered in time, and admission order, positions and caps follow the rules."""
    seen = asyncio.run(burst.burst(typists=burst.crowd_of(commands, members, seed), within_s=seconds))
    sys.exit(not burst.told(seen))


@load.command("pictures")
@click.option("--count", default=50, show_default=True, help="How many.")
def pictures_command(*, count: int) -> None:
    """Finish many large pictures at once; the bot delivers them with less than 300 MB of memory."""
    seen = asyncio.run(pictures.deliver(count))
    sys.exit(not pictures.told(seen, count))


@load.command("crowd")
@click.option("--members", default=1_000, show_default=True, help="How many order eleven pictures each.")
@click.option("--minutes", default=60.0, show_default=True, type=click.FloatRange(1), help="How long, for the bot.")
@click.option("--speed", default=4.0, show_default=True, type=click.FloatRange(1), help="How many times faster.")
def crowd_command(*, members: int, minutes: float, speed: float) -> None:
    """Keep ten thousand pictures queued and a thousand running; new members are answered in time, and nothing grows."""
    seen = asyncio.run(crowd.crowd(members=members, minutes=minutes, speed=speed))
    sys.exit(not crowd.told(seen, members))
