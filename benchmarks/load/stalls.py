"""How long the bot's event loop keeps others waiting, seen from outside."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiohttp

_EVERY_S: Final = 0.02


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def stalls_s(port: int) -> AsyncIterator[list[float]]:
    """What fills up, while the block runs, with how long the bot took to say that it has no such page.

    That answer needs the event loop and nothing else. It includes what the asking costs, about a millisecond.
    """
    waits: list[float] = []
    asking = asyncio.create_task(_ask(port, waits), name="stalls")
    try:
        yield waits
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking


async def _ask(port: int, waits: list[float]) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            began = time.monotonic()
            async with session.get(f"http://127.0.0.1:{port}/nothing") as response:
                await response.read()
            waits.append(time.monotonic() - began)
            await asyncio.sleep(_EVERY_S)
