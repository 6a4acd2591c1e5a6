"""How long the bot's event loop keeps others waiting, seen from outside, by a process that does nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_EVERY_S: Final = 0.02
_ENDS_WITHIN_S: Final = 10.0


@asynccontextmanager
async def stalls_s(port: int) -> AsyncIterator[list[float]]:
    """What is filled, when the block has ended, with how long the bot took to say that it has no such page.

    That answer needs the event loop and nothing else. It includes what the asking costs, about a millisecond. Another
    process asks: this one serves the bot, and would count its own waits.
    """
    waits: list[float] = []
    asking = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, str(port), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield waits
    finally:
        with contextlib.suppress(ProcessLookupError):
            asking.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_ENDS_WITHIN_S):
            told, _ = await asking.communicate()
        waits.extend(float(line) for line in told.split())


def _ask(port: int) -> list[float]:
    """Ask until SIGTERM comes; returns how long each answer took in seconds, and how long the open one has taken."""
    waits: list[float] = []
    began: float | None = None
    with contextlib.suppress(_EnoughError), contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as bot:
        while True:
            began = time.monotonic()
            bot.request("GET", "/nothing")
            bot.getresponse().read()
            waits.append(time.monotonic() - began)
            began = None
            time.sleep(_EVERY_S)
    return waits if began is None else [*waits, time.monotonic() - began]


class _EnoughError(Exception):
    """SIGTERM came."""


def _enough(*_: object) -> None:
    raise _EnoughError


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _enough)
    sys.stdout.write("\n".join(f"{wait_s:.6f}" for wait_s in _ask(int(sys.argv[1]))))
