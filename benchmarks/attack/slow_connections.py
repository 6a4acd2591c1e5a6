"""A client that opens many HTTP connections, never finishes a header, and reconnects when one is closed."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
from typing import Final

_DROP_EVERY_S: Final = 1.0
_BACK_AFTER_S: Final = 5.0
_OPENED_WITHIN_S: Final = 2.0


async def hold(port: int, count: int) -> None:
    """Keep this many connections to a port on loopback open, until cancelled."""
    await asyncio.gather(*(_one(port, number * _OPENED_WITHIN_S / count) for number in range(count)))


async def _one(port: int, first_after_s: float) -> None:
    await asyncio.sleep(first_after_s)
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
                while not writer.transport.is_closing():
                    await writer.drain()
                    await asyncio.sleep(_DROP_EVERY_S)
                    writer.write(b"a")
            finally:
                writer.close()
        await asyncio.sleep(_BACK_AFTER_S)


if __name__ == "__main__":
    _, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_hard, _hard))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(hold(int(sys.argv[1]), int(sys.argv[2])))
