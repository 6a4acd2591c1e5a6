"""Limits for the connections of an HTTP port: how many, how long, and how much one may send.

asyncio's server accepts without limit and aiohttp waits an hour for a header. Here a connection is handed to aiohttp
when its header is complete, and ends after one request. At the limit the connection that has waited longest for its
header makes room, so that a flood of idle connections keeps no monitor out, and each of them costs next to nothing.
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
_HEADER_END: Final = b"\r\n\r\n"


class Connections:
    """The open connections of a port; calling it makes the protocol of the next one."""

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        *,
        limit: int,
        request_within_s: float,
        done_within_s: float,
        request_bytes: int,
    ) -> None:
        self._make = make
        self._limit = limit
        self._request_within_s = request_within_s
        self._done_within_s = done_within_s
        self._request_bytes = request_bytes
        self._waiting: dict[Connection, None] = {}
        """Without a complete header yet, oldest first."""
        self._answering: set[Connection] = set()
        self._refused = 0
        self._logged_at = -_LOG_EVERY_S

    def __call__(self) -> Connection:
        """The protocol of a new connection."""
        return Connection(self, self._make, request_bytes=self._request_bytes)

    def close(self) -> None:
        """Close every connection at once."""
        for connection in [*self._waiting, *self._answering]:
            connection.abort()

    def opened(self, connection: Connection) -> None:
        """Count a connection, and close one where there is no room: the oldest that only waits, or else this one."""
        self._waiting[connection] = None
        connection.end_within(self._request_within_s)
        if len(self._waiting) + len(self._answering) > self._limit:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.abort()
            self._log_refusal()

    def header_complete(self, connection: Connection) -> bool:
        """Let a connection be answered; False where it was closed to make room."""
        if connection not in self._waiting:
            return False
        del self._waiting[connection]
        self._answering.add(connection)
        connection.end_within(self._done_within_s)
        return True

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self._waiting.pop(connection, None)
        self._answering.discard(connection)

    def _log_refusal(self) -> None:
        """Once a minute, with how many there were."""
        self._refused += 1
        now = asyncio.get_running_loop().time()
        if now - self._logged_at >= _LOG_EVERY_S:
            log.warning("http_connections_at_limit", extra={"limit": self._limit, "closed": self._refused})
            self._refused, self._logged_at = 0, now


class Connection(asyncio.Protocol):
    """One connection: it ends when its time is over, or when it sends more than a request may have."""

    def __init__(self, connections: Connections, make: Callable[[], asyncio.Protocol], *, request_bytes: int) -> None:
        self._connections = connections
        self._make = make
        self._bytes_left = request_bytes
        self._header = bytearray()
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it; aiohttp hears of it later."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.opened(self)

    def data_received(self, data: bytes) -> None:
        """Keep what is received until the header is complete, then pass it on, up to the size of a request."""
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self.abort()
        elif self._inner is not None:
            self._inner.data_received(data)
        elif self._transport is not None:
            seen = max(0, len(self._header) - len(_HEADER_END) + 1)
            self._header += data
            if self._header.find(_HEADER_END, seen) >= 0 and self._connections.header_complete(self):
                self._inner = self._make()
                self._inner.connection_made(self._transport)
                self._inner.data_received(bytes(self._header))
                self._header.clear()

    def eof_received(self) -> bool | None:
        """The client sends no more; what it asked for is still answered."""
        return None if self._inner is None else True

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, whoever closed it."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._connections.closed(self)
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read what it is sent."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """It reads again."""
        if self._inner is not None:
            self._inner.resume_writing()

    def end_within(self, seconds: float) -> None:
        """Close it when this time is over; replaces an earlier deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.abort)

    def abort(self) -> None:
        """Close it at once; what was not sent yet is dropped."""
        if self._transport is not None:
            self._transport.abort()


async def listen(host: str, port: int, connections: Connections) -> asyncio.Server:
    """Serve on a port, each connection within the limits; raises OSError."""
    return await asyncio.get_running_loop().create_server(connections, host, port, backlog=BACKLOG)
