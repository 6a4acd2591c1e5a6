"""Limits for the connections of an HTTP port: how many, how long, and how much one may send.

asyncio's server accepts without limit and aiohttp waits an hour for a header. Each protocol is therefore wrapped: one
request for each connection, a deadline for it, and a limit of connections. At the limit the connection that has waited
longest without a request makes room, so that a flood of idle connections keeps no monitor out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, cast

log = logging.getLogger(__name__)

BACKLOG: Final = 16
"""asyncio accepts so many connections at once before it looks at any of them."""
_LOG_EVERY_S: Final = 60.0


class Connections:
    """The open connections of a port; `wrap` makes the protocol of the next one."""

    def __init__(self, *, limit: int, request_within_s: float, done_within_s: float, request_bytes: int) -> None:
        self._limit = limit
        self._request_within_s = request_within_s
        self._done_within_s = done_within_s
        self._request_bytes = request_bytes
        self._waiting: dict[asyncio.Protocol, Connection] = {}
        """Without a request yet, oldest first; by aiohttp's protocol, which is what a request knows."""
        self._answering: dict[asyncio.Protocol, Connection] = {}
        self._refused = 0
        self._logged_at = -_LOG_EVERY_S

    def __len__(self) -> int:
        return len(self._waiting) + len(self._answering)

    def wrap(self, inner: asyncio.Protocol) -> Connection:
        """A protocol that passes everything on to `inner`, within the limits."""
        return Connection(inner, self, self._request_bytes)

    def request_read(self, inner: asyncio.Protocol) -> None:
        """Note that a connection's request is complete: from now on it is being answered."""
        if connection := self._waiting.pop(inner, None):
            self._answering[inner] = connection
            connection.end_within(self._done_within_s)

    def close(self) -> None:
        """Close every connection at once."""
        for connection in [*self._waiting.values(), *self._answering.values()]:
            connection.abort()

    def opened(self, connection: Connection) -> bool:
        """Count a connection; False where there is no room, not even in place of one that only waits."""
        if len(self) >= self._limit:
            self._log_refusal()
            if not self._waiting:
                return False
            oldest = next(iter(self._waiting))
            self._waiting.pop(oldest).abort()
        self._waiting[connection.inner] = connection
        connection.end_within(self._request_within_s)
        return True

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self._waiting.pop(connection.inner, None)
        self._answering.pop(connection.inner, None)

    def _log_refusal(self) -> None:
        """Once a minute, with how many there were."""
        self._refused += 1
        now = asyncio.get_running_loop().time()
        if now - self._logged_at >= _LOG_EVERY_S:
            log.warning("http_connections_at_limit", extra={"limit": self._limit, "closed": self._refused})
            self._refused, self._logged_at = 0, now


class Connection(asyncio.Protocol):
    """One connection: it ends when its time is over, or when it sends more than a request may have."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections, request_bytes: int) -> None:
        self.inner = inner
        self._connections = connections
        self._bytes_left = request_bytes
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._admitted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit it, or close it before aiohttp hears of it."""
        self._transport = cast(asyncio.Transport, transport)
        self._admitted = self._connections.opened(self)
        if self._admitted:
            self.inner.connection_made(transport)
        else:
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Pass on what is received, up to the size of a request."""
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self.abort()
        elif self._admitted:
            self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        """The client sends no more."""
        return self.inner.eof_received() if self._admitted else None

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, whoever closed it."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._connections.closed(self)
        if self._admitted:
            self.inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read what it is sent."""
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        """It reads again."""
        self.inner.resume_writing()

    def end_within(self, seconds: float) -> None:
        """Close it when this time is over; replaces an earlier deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.abort)

    def abort(self) -> None:
        """Close it at once; what was not sent yet is dropped."""
        if self._transport is not None:
            self._transport.abort()


async def listen(
    host: str, port: int, connections: Connections, make: Callable[[], asyncio.Protocol]
) -> asyncio.Server:
    """Serve on a port with `make`'s protocols, each within the limits; raises OSError."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: connections.wrap(make()), host, port, backlog=BACKLOG)
