"""The gateway: sessions that outlive their connections, so that a client can resume without losing events."""

import asyncio
import json
import secrets
import time
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.discord.faults import DiscordFaults
from sandbox.discord.gateway_events import events_for
from sandbox.discord.gateway_faults import Ready
from sandbox.discord.gateway_session import CloseSession, Connection, Op, Session
from sandbox.discord.hub import Happening, Kind
from sandbox.discord.model import Json
from sandbox.discord.render import guild_create_json, member_json, own_user_json
from sandbox.discord.world import World

HEARTBEAT_MS = 41_250
_SESSION_LIFE_S = 300.0
_MAX_SESSIONS = 32
# Shards identify one after another (`max_concurrency` is 1). A shard that identifies again is a restarted bot: it is
# accepted at once, so that tests need not wait.
IDENTIFY_EVERY_S = 5.0


class Gateway:
    """Accepts connections and sends each session the events of its shard and intents."""

    def __init__(self, world: World, faults: DiscordFaults) -> None:
        self._world = world
        self._faults = faults
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._identified: tuple[tuple[int, int] | None, float] = (None, 0.0)
        self.identify_every_s = IDENTIFY_EVERY_S
        self.url = ""
        self._stop_listening = world.hub.listen(self._on_happening)

    @property
    def online(self) -> bool:
        """True while at least one session is connected."""
        return any(session.connection for session in self._sessions.values())

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket from HELLO until it closes."""
        ws = web.WebSocketResponse(max_msg_size=0, autoping=True, compress=False)
        await ws.prepare(request)
        connection = Connection(ws, request, self._faults.gateway)
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

    def inject(self, frame: str | bytes) -> None:
        """Send raw data to all connections."""
        for connection in self._connections:
            connection.send(frame)

    def invalidate(self, *, resumable: bool) -> None:
        """Send op 9 to all connections; sessions that are not resumable are dropped."""
        if not resumable:
            self._sessions.clear()
        for connection in self._connections:
            connection.send(_frame(Op.INVALID_SESSION, resumable))

    async def close(self) -> None:
        """Stop listening and end all connections."""
        self._stop_listening()
        await self.drop(1001)

    def _receive(self, connection: Connection, session: Session | None, data: str | bytes) -> Session | None:
        """Handle one frame; returns the session that an IDENTIFY created or a RESUME found."""
        connection.count_received()
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

    def _identify(self, connection: Connection, body: Json) -> Session | None:
        self._check_token(body)
        intents = int(body.get("intents", 0))
        if intents & PRIVILEGED & ~self._world.privileged_intents:
            raise CloseSession(4014, "Disallowed intent(s).")
        index, count = body.get("shard") or (0, 1)
        if not 0 <= index < count:
            raise CloseSession(4010, "Invalid shard.")
        if self._too_early((index, count)):
            connection.send(_frame(Op.INVALID_SESSION, data=False))
            return None
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
        if owns_guild and self._faults.gateway.ready is Ready.WHOLE:
            session.dispatch("GUILD_CREATE", guild_create_json(self._world, all_members=bool(intents & GUILD_MEMBERS)))
        self._world.hub.tell(Kind.BOT_ONLINE)
        return session

    def _too_early(self, shard: tuple[int, int]) -> bool:
        """Whether another shard identified within the last IDENTIFY_EVERY_S seconds."""
        last_shard, at = self._identified
        if last_shard not in (shard, None) and time.monotonic() - at < self.identify_every_s:
            return True
        self._identified = (shard, time.monotonic())
        return False

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
        match self._faults.gateway.ready:
            case Ready.NO_GUILDS:
                ready["guilds"] = []
            case Ready.UNREADABLE:
                del ready["guilds"]
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
                if self._faults.gateway.take_repeat():
                    session.repeat()

    def _lose(self, connection: Connection, session: Session | None, *, goodbye: bool) -> None:
        """Keep the session of a closed connection for a resume, unless the client closed it with 1000 or 1001."""
        if session is None or session.connection is not connection:
            return
        session.connection = None
        session.lost_at = time.monotonic()
        if goodbye:
            self._sessions.pop(session.id, None)
        if not self.online:
            self._world.hub.tell(Kind.BOT_OFFLINE)

    def _purge(self) -> None:
        """Drop sessions that were not resumed within five minutes, and the oldest when there are too many."""
        lost = [session for session in self._sessions.values() if session.connection is None]
        old = [session for session in lost if time.monotonic() - session.lost_at > _SESSION_LIFE_S]
        surplus = max(0, len(self._sessions) - _MAX_SESSIONS)
        for session in {s.id: s for s in (*old, *lost[:surplus])}.values():
            self._sessions.pop(session.id, None)


GUILD_MEMBERS = 1 << 1
PRIVILEGED = GUILD_MEMBERS | 1 << 8 | 1 << 15


def _frame(op: int, data: Any) -> str:
    return json.dumps({"op": op, "d": data, "s": None, "t": None})
