"""Many large pictures finish at once: how much memory the bot needs to deliver them."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import click
from PIL import Image

from benchmarks.load.rig import rig
from sandbox.apimaster import Fault, Knobs

MEMORY_MB: Final = 300.0
_SIDE_PX: Final = 4_096
_FOUR_BITS: Final = bytes(value & 0x0F for value in range(256))
_HUFFMAN_ONLY: Final = 2
_ORDERED_WITHIN_S: Final = 60.0
_DELIVERED_WITHIN_S: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The results. `peak_mb` is the bot's peak memory, `before_mb` its memory before the first picture."""

    delivered: int
    size_mb: float
    took_s: float
    cpu_s: float
    before_mb: float
    peak_mb: float


async def deliver(count: int) -> Seen:
    """Let `count` members order one 4K picture each, finish all at once, and wait for the last delivery."""
    content = await asyncio.to_thread(noise)
    knobs = Knobs(unlimited=True, latency_s=600, plain_pictures=True)
    settings = {"FIRST_POLL_SECONDS": "1", "POLL_SECONDS": "0.5"}
    async with rig(settings, knobs) as stage:
        stage.provider.script_result(*[Fault.bytes(content)] * count)
        typed = [await stage.discord.type_imagine(number, f"large {number}", "4K") for number in range(count)]
        await _until(lambda: len(stage.provider.posts) >= count, _ORDERED_WITHIN_S)
        before_mb, cpu_s, began = stage.peak_mb(), stage.cpu_s(), time.monotonic()
        stage.provider.finish_all()
        await _until(lambda: all(t.files for t in typed), _DELIVERED_WITHIN_S)
        return Seen(
            delivered=sum(t.files > 0 for t in typed),
            size_mb=len(content) / 1e6,
            took_s=time.monotonic() - began,
            cpu_s=stage.cpu_s() - cpu_s,
            before_mb=before_mb,
            peak_mb=stage.peak_mb(),
        )


async def _until(condition: Callable[[], bool], timeout_s: float) -> None:
    """Poll a condition for up to `timeout_s` seconds; a failure shows in the figures."""
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:  # noqa: ASYNC110 - another process decides
        await asyncio.sleep(0.1)


def noise() -> bytes:
    """A PNG of 4096 x 4096 pixels as large as the provider's largest: half of its bits are noise."""
    pixels = os.urandom(_SIDE_PX * _SIDE_PX * 3).translate(_FOUR_BITS)
    file = io.BytesIO()
    picture = Image.frombytes("RGB", (_SIDE_PX, _SIDE_PX), pixels)
    picture.save(file, "PNG", compress_level=1, compress_type=_HUFFMAN_ONLY)
    return file.getvalue()


def told(seen: Seen, count: int) -> bool:
    """Print the table; returns whether every limit was met."""
    click.echo(f"pictures            {count:,} of {seen.size_mb:.1f} MB, finished at once")
    click.echo(f"delivered           {seen.delivered:,} in {seen.took_s:.1f} s")
    click.echo(f"memory              {seen.before_mb:.0f} MB before, {seen.peak_mb:.0f} MB at most")
    click.echo(f"processor           {seen.cpu_s:.1f} s")
    return seen.delivered == count and seen.peak_mb < MEMORY_MB
