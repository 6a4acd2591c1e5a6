"""Connection limits of an HTTP port: how many, how long, and how many bytes one may send.

asyncio's server accepts without limit and aiohttp waits an hour for a header. Here a connection is passed to aiohttp
when its header is complete, and closed after one request. At the limit the connection that has waited longest for its
header is closed, so that a flood of idle connections doesn't lock monitors out and each costs very little.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, cast

log = logging.getLogger(__name__)

BACKLOG: Final = 16
"""The listen backlog: asyncio accepts up to this many connections in one loop iteration."""
_LOG_EVERY_S: Final = 60.0
_HEADER_END: Final = b"\r\n\r\n"


class Connections:
    """The open connections of a port; calling it creates the protocol of the next one."""

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
        """Connections without a complete header yet, oldest first."""
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
        """Count a connection, and close one if the limit is exceeded: the oldest without a header, or else this one."""
        self._waiting[connection] = None
        connection.end_within(self._request_within_s)
        if len(self._waiting) + len(self._answering) > self._limit:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.abort()
            self._log_refusal()

    def header_complete(self, connection: Connection) -> bool:
        """Mark a connection's header as complete; False if it was already closed to free a slot."""
        if connection not in self._waiting:
            return False
        del self._waiting[connection]
        self._answering.add(connection)
        connection.end_within(self._done_within_s)
        return True

    def closed(self, connection: Connection) -> None:
        """Remove a closed connection."""
        self._waiting.pop(connection, None)
        self._answering.discard(connection)

    def _log_refusal(self) -> None:
        """Log refused connections at most once a minute, with their number."""
        self._refused += 1
        now = asyncio.get_running_loop().time()
        if now - self._logged_at >= _LOG_EVERY_S:
            log.warning("http_connections_at_limit", extra={"limit": self._limit, "closed": self._refused})
            self._refused, self._logged_at = 0, now


class Connection(asyncio.Protocol):
    """One connection: closed when its time is up, or when it sends more than a request may contain."""

    def __init__(self, connections: Connections, make: Callable[[], asyncio.Protocol], *, request_bytes: int) -> None:
        self._connections = connections
        self._make = make
        self._bytes_left = request_bytes
        self._header = bytearray()
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection; aiohttp gets it later."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.opened(self)

    def data_received(self, data: bytes) -> None:
        """Buffer data until the header is complete, then pass it on, up to the size limit of a request."""
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
        """The client sends no more; its request is still answered."""
        return None if self._inner is None else True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection was closed by either side."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._connections.closed(self)
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client is not reading; pause writing."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The client reads again; resume writing."""
        if self._inner is not None:
            self._inner.resume_writing()

    def end_within(self, seconds: float) -> None:
        """Close it after this time; replaces an earlier deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.abort)

    def abort(self) -> None:
        """Close it at once; unsent data is dropped."""
        if self._transport is not None:
            self._transport.abort()


async def listen(host: str, port: int, connections: Connections) -> asyncio.Server:
    """Serve on a port, each connection within the limits; raises OSError."""
    return await asyncio.get_running_loop().create_server(connections, host, port, backlog=BACKLOG)
