"""Measures how long the bot's event loop blocks, from a separate process that does nothing else."""

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
    """Yields a list that is filled when the block ends: the response times, in seconds, of a page that doesn't exist.

    That 404 needs nothing but the event loop. The times include the cost of the request, about a millisecond. The
    client is another process: this one serves the bot, and would measure its own delays.
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
    """Send requests until SIGTERM; returns the time of each response in seconds, and of the one still open."""
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
    """Raised on SIGTERM."""


def _enough(*_: object) -> None:
    raise _EnoughError


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _enough)
    sys.stdout.write("\n".join(f"{wait_s:.6f}" for wait_s in _ask(int(sys.argv[1]))))
