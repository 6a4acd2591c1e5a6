"""Large pictures are decoded one at a time, which bounds the memory."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from PIL import Image

from bot.media.decode_pool import in_studio, room_for


async def test_one_large_picture_at_a_time_with_small_ones_in_parallel(tmp_path: Path) -> None:
    """A second large one waits until the first is done; a small one does not wait for it."""
    large, small = tmp_path / "large.png", tmp_path / "small.png"
    Image.new("L", (3_000, 2_700)).save(large)
    Image.new("L", (200, 200)).save(small)
    entered, leave = threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        with room_for(large):
            entered.set()
            leave.wait(10)
            order.append("first")

    def other(name: str, path: Path) -> None:
        with room_for(path):
            order.append(name)

    holding = asyncio.create_task(in_studio(first))
    await asyncio.to_thread(entered.wait, 10)
    await in_studio(other, "small", small)
    waiting = asyncio.create_task(in_studio(other, "second", large))
    leave.set()
    await asyncio.gather(holding, waiting)
    assert order == ["small", "first", "second"]


async def test_invalid_picture_does_not_wait(tmp_path: Path) -> None:
    """The error is raised when it is opened."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")

    def look() -> bool:
        with room_for(broken):
            return True

    assert await in_studio(look)
