"""The gateway: sessions that outlive their connections, so that a client can resume and miss nothing."""

import asyncio
import json
import secrets
import time
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.discord.faults import DiscordFaults
from sandbox.discord.gateway_events import events_for
from sandbox.discord.hub import Happening, Kind
from sandbox.discord.model import Json
from sandbox.discord.render import guild_create_json, member_json, own_user_json
from sandbox.discord.world import World

HEARTBEAT_MS = 41_250
_REPLAY = 1000
_OUTBOX = 20_000
_SESSION_LIFE_S = 300.0
_MAX_SESSIONS = 32
_COMPRESS_FROM = 1024


class Op:
    """Gateway opcodes."""

    DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE = 0, 1, 2, 3, 4
    RESUME, RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 6, 7, 8, 9, 10, 11
    REQUEST_SOUNDBOARD = 31


class Connection:
    """One websocket: a queue of frames and the task that sends them, compressed as the client asked."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request, *, stream: bool) -> None:
        self.ws = ws
        self._request = request
        self._zlib = zlib.compressobj() if stream else None
        self.compress_payloads = False
        self.closed_here = False
        self._outbox: asyncio.Queue[str] = asyncio.Queue(_OUTBOX)

    def send(self, frame: str) -> None:
        """Queue a frame; a client that reads nothing is cut off instead of filling the memory."""
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            if self._request.transport is not None:
                self._request.transport.abort()

    async def close(self, code: int, reason: str = "") -> None:
        """Close from this side: the client did not say goodbye, whatever code it echoes."""
        self.closed_here = True
        await self.ws.close(code=code, message=reason.encode())

    async def pump(self) -> None:
        """Send queued frames until cancelled."""
        while True:
            frame = await self._outbox.get()
            if self._zlib is not None:
                data = self._zlib.compress(frame.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                await self.ws.send_bytes(data)
            elif self.compress_payloads and len(frame) >= _COMPRESS_FROM:
                await self.ws.send_bytes(zlib.compress(frame.encode()))
            else:
                await self.ws.send_str(frame)


@dataclass(slots=True, kw_only=True)
class Session:
    """A logged-in shard; `buffer` holds its latest events for a resume."""

    id: str
    intents: int
    shard: tuple[int, int]
    compress_payloads: bool
    connection: Connection | None
    sequence: int = 0
    lost_at: float = 0.0
    buffer: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=_REPLAY))

    def dispatch(self, event: str, data: Any) -> None:
        """Send an event, or keep it for the resume."""
        self.sequence += 1
        frame = json.dumps({"op": Op.DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.buffer.append((self.sequence, frame))
        if self.connection is not None:
            self.connection.send(frame)

    def missed(self, since: int) -> list[str] | None:
        """Frames after sequence number `since`; None if some of them are gone."""
        if since > self.sequence or self.sequence - since > len(self.buffer):
            return None
        return [frame for number, frame in self.buffer if number > since]


class CloseSession(Exception):  # noqa: N818  # the gateway's own word; it is how a session ends, not an error of ours
    """Close the connection with a gateway close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Gateway:
    """Accepts connections and sends each session the events of its shard and intents."""

    def __init__(self, world: World, faults: DiscordFaults) -> None:
        self._world = world
        self._faults = faults
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self.url = ""
        self._stop_listening = world.hub.listen(self._on_happening)

    @property
    def online(self) -> bool:
        """True while at least one session is connected."""
        return any(session.connection for session in self._sessions.values())

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One websocket from HELLO to its end."""
        ws = web.WebSocketResponse(max_msg_size=0, autoping=True, compress=False)
        await ws.prepare(request)
        connection = Connection(ws, request, stream=request.query.get("compress") == "zlib-stream")
        self._connections.add(connection)
        pump = asyncio.create_task(connection.pump(), name="gateway-pump")
        session: Session | None = None
        connection.send(_frame(Op.HELLO, {"heartbeat_interval": HEARTBEAT_MS, "_trace": ["sandbox"]}))
        try:
            async for message in ws:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    session = self._receive(connection, session, message.data) or session
        except CloseSession as end:
            await connection.close(end.code, end.reason)
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            self._connections.discard(connection)
            self._lose(connection, session, goodbye=not connection.closed_here and ws.close_code in (1000, 1001))
        return ws

    async def drop(self, code: int) -> None:
        """Close all connections with a code."""
        for connection in tuple(self._connections):
            await connection.close(code)

    def ask_reconnect(self) -> None:
        """Send op 7 to all connections, as Discord does before it restarts a gateway."""
        for connection in self._connections:
            connection.send(_frame(Op.RECONNECT, None))

    async def close(self) -> None:
        """Stop listening and end all connections."""
        self._stop_listening()
        await self.drop(1001)

    def _receive(self, connection: Connection, session: Session | None, data: str | bytes) -> Session | None:
        """Act on one frame; returns the session that an IDENTIFY or RESUME made or found."""
        try:
            frame = json.loads(data)
            op, body = int(frame["op"]), frame.get("d")
        except (ValueError, TypeError, KeyError) as error:
            raise CloseSession(4002, "Error while decoding payload.") from error
        if op == Op.HEARTBEAT:
            connection.send(_frame(Op.HEARTBEAT_ACK, None))
        elif op in (Op.IDENTIFY, Op.RESUME):
            if session is not None:
                raise CloseSession(4005, "Already authenticated.")
            return self._identify(connection, body) if op == Op.IDENTIFY else self._resume(connection, body)
        elif session is None:
            raise CloseSession(4003, "Not authenticated.")
        elif op == Op.REQUEST_MEMBERS:
            session.dispatch("GUILD_MEMBERS_CHUNK", self._members_chunk(body))
        elif op not in (Op.PRESENCE, Op.VOICE_STATE, Op.REQUEST_SOUNDBOARD):
            raise CloseSession(4001, "Unknown opcode.")
        return None

    def _identify(self, connection: Connection, body: Json) -> Session:
        self._check_token(body)
        intents = int(body.get("intents", 0))
        if intents & PRIVILEGED & ~self._world.privileged_intents:
            raise CloseSession(4014, "Disallowed intent(s).")
        index, count = body.get("shard") or (0, 1)
        if not 0 <= index < count:
            raise CloseSession(4010, "Invalid shard.")
        session = Session(
            id=secrets.token_hex(16),
            intents=intents,
            shard=(index, count),
            compress_payloads=bool(body.get("compress")),
            connection=connection,
        )
        connection.compress_payloads = session.compress_payloads
        self._purge()
        self._sessions[session.id] = session
        owns_guild = (int(self._world.guild.id) >> 22) % count == index
        session.dispatch("READY", self._ready(session, owns_guild=owns_guild, with_shard="shard" in body))
        if owns_guild:
            session.dispatch("GUILD_CREATE", guild_create_json(self._world, all_members=bool(intents & GUILD_MEMBERS)))
        self._world.hub.tell(Kind.BOT_ONLINE)
        return session

    def _ready(self, session: Session, *, owns_guild: bool, with_shard: bool) -> Json:
        ready: Json = {
            "v": 10,
            "user": own_user_json(self._world.bot),
            "guilds": [{"id": self._world.guild.id, "unavailable": True}] if owns_guild else [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "application": {"id": self._world.application_id, "flags": 0},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
            "user_settings": {},
            "_trace": ["sandbox"],
        }
        return {**ready, "shard": list(session.shard)} if with_shard else ready

    def _resume(self, connection: Connection, body: Json) -> Session | None:
        self._check_token(body)
        session = self._sessions.get(str(body.get("session_id")))
        missed = session.missed(int(body.get("seq") or 0)) if session else None
        if session is None or missed is None or self._faults.refuse_resume:
            connection.send(_frame(Op.INVALID_SESSION, data=False))
            return None
        session.connection = connection
        connection.compress_payloads = session.compress_payloads
        for frame in missed:
            connection.send(frame)
        session.dispatch("RESUMED", {"_trace": ["sandbox"]})
        self._world.hub.tell(Kind.BOT_ONLINE)
        return session

    def _check_token(self, body: Json) -> None:
        if str(body.get("token", "")).removeprefix("Bot ") != self._world.token:
            raise CloseSession(4004, "Authentication failed.")

    def _members_chunk(self, body: Json) -> Json:
        wanted = body.get("user_ids")
        ids = {str(wanted)} if isinstance(wanted, str | int) else {str(user_id) for user_id in wanted or ()}
        members = self._world.guild.members.values()
        found = (
            [m for m in members if m.user.id in ids]
            if ids
            else [m for m in members if m.user.username.startswith(str(body.get("query") or ""))]
        )
        chunk: Json = {
            "guild_id": self._world.guild.id,
            "members": [member_json(member) for member in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": sorted(ids - {member.user.id for member in found}),
        }
        return {**chunk, "nonce": body["nonce"]} if body.get("nonce") else chunk

    def _on_happening(self, happening: Happening) -> None:
        for session in tuple(self._sessions.values()):
            for event, data in events_for(self._world, happening, session.intents, session.shard):
                session.dispatch(event, data)

    def _lose(self, connection: Connection, session: Session | None, *, goodbye: bool) -> None:
        """The connection ended: the session waits for a resume, unless the client said goodbye (by 1000 or 1001)."""
        if session is None or session.connection is not connection:
            return
        session.connection = None
        session.lost_at = time.monotonic()
        if goodbye:
            self._sessions.pop(session.id, None)
        if not self.online:
            self._world.hub.tell(Kind.BOT_OFFLINE)

    def _purge(self) -> None:
        """Forget sessions that nobody resumed in five minutes, and the oldest when there are too many."""
        lost = [session for session in self._sessions.values() if session.connection is None]
        old = [session for session in lost if time.monotonic() - session.lost_at > _SESSION_LIFE_S]
        surplus = max(0, len(self._sessions) - _MAX_SESSIONS)
        for session in {s.id: s for s in (*old, *lost[:surplus])}.values():
            self._sessions.pop(session.id, None)


GUILD_MEMBERS = 1 << 1
PRIVILEGED = GUILD_MEMBERS | 1 << 8 | 1 << 15


def _frame(op: int, data: Any) -> str:
    return json.dumps({"op": op, "d": data, "s": None, "t": None})
