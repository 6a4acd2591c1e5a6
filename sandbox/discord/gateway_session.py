"""A gateway connection and the session that may outlive it."""

import asyncio
import json
import time
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.discord.gateway_faults import GatewayFaults
from sandbox.discord.gateway_streams import STREAMS

_REPLAY = 1000
_OUTBOX = 20_000
_COMPRESS_FROM = 1024
# Frames that a client may send on a connection within `_RECEIVED_WITHIN_S` seconds.
MAX_RECEIVED = 120
_RECEIVED_WITHIN_S = 60.0


class Op:
    """Gateway opcodes."""

    DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE = 0, 1, 2, 3, 4
    RESUME, RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 6, 7, 8, 9, 10, 11
    REQUEST_SOUNDBOARD = 31


class Connection:
    """One websocket: a queue of frames and the task that sends them, compressed as the client asked."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request, faults: GatewayFaults) -> None:
        self.ws = ws
        self._faults = faults
        self._request = request
        asked = request.query.get("compress", "")
        self._compress = STREAMS[asked]() if asked in STREAMS else None
        # Large frames are compressed one by one if IDENTIFY asks for it and no stream compression was requested.
        self._may_compress_payloads = not asked
        self.compress_payloads = False
        self.closed_here = False
        self._received: deque[float] = deque(maxlen=MAX_RECEIVED)
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue(_OUTBOX)

    def send(self, frame: str | bytes) -> None:
        """Queue a frame; bytes are sent uncompressed. A client that doesn't read is disconnected to bound memory."""
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            if self._request.transport is not None:
                self._request.transport.abort()

    def count_received(self) -> None:
        """Count a frame of the client. Raises CloseSession when it sends more than Discord allows."""
        now = time.monotonic()
        if len(self._received) == MAX_RECEIVED and now - self._received[0] < _RECEIVED_WITHIN_S:
            raise CloseSession(4008, "You are being rate limited.")
        self._received.append(now)

    async def close(self, code: int, reason: str = "") -> None:
        """Close from this side: the client did not end its session, whatever code it echoes."""
        self.closed_here = True
        await self.ws.close(code=code, message=reason.encode())

    async def pump(self) -> None:
        """Send queued frames until cancelled."""
        while True:
            frame = await self._outbox.get()
            await self._faults.may_speak()
            if isinstance(frame, bytes):
                await self.ws.send_bytes(frame)
            elif self._compress is not None:
                await self.ws.send_bytes(self._compress(frame.encode()))
            elif self.compress_payloads and self._may_compress_payloads and len(frame) >= _COMPRESS_FROM:
                await self.ws.send_bytes(zlib.compress(frame.encode()))
            else:
                await self.ws.send_str(frame)


@dataclass(slots=True, kw_only=True)
class Session:
    """A logged-in shard; `buffer` stores its latest events for a resume."""

    id: str
    intents: int
    shard: tuple[int, int]
    compress_payloads: bool
    connection: Connection | None
    sequence: int = 0
    lost_at: float = 0.0
    buffer: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=_REPLAY))

    def dispatch(self, event: str, data: Any) -> None:
        """Send an event, or store it for the resume."""
        self.sequence += 1
        frame = json.dumps({"op": Op.DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.buffer.append((self.sequence, frame))
        if self.connection is not None:
            self.connection.send(frame)

    def repeat(self) -> None:
        """Send the latest event once more, with the same number."""
        if self.connection is not None and self.buffer:
            self.connection.send(self.buffer[-1][1])

    def missed(self, since: int) -> list[str] | None:
        """Frames after sequence number `since`; None if some are no longer buffered."""
        if since > self.sequence or self.sequence - since > len(self.buffer):
            return None
        return [frame for number, frame in self.buffer if number > since]


class CloseSession(Exception):  # noqa: N818  # the gateway's term; it ends a session and is no error of ours
    """Close the connection with a gateway close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason
