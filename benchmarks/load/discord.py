"""A Discord with minimal CPU cost: it dispatches commands, records answers and their times, and validates nothing.

The sandbox's Discord validates and stores every message, which costs more CPU than the bot does. Here the bot is what
is measured, so only what is needed is stored.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import MultipartReader, WSMsgType, web

from benchmarks.load import shapes
from benchmarks.load.shapes import Json
from sandbox.discord.gateway_streams import STREAMS

_EPOCH_MS: Final = 1_420_070_400_000
_EPHEMERAL: Final = 64
_HELD_MS: Final = 41_250
_LARGEST: Final = 64 * 1024 * 1024
_DEFERRED: Final = 5
ACKNOWLEDGED_WITHIN_S: Final = 3.0
"""After this many seconds Discord reports that the bot did not respond, and accepts no answer any more."""


@dataclass(slots=True)
class Typed:
    """One command: when it was written to the gateway's socket, when it was acknowledged, and its answers.

    Times ending in `_at` are monotonic; those ending in `_time` are seconds since the Unix epoch.
    """

    number: int
    interaction_id: int
    sent_at: float
    sent_time: float
    acknowledged_at: float | None = None
    """Also set for an answer that came too late to be accepted."""
    private: bool = False
    deferred: bool = False
    requests: int = 0
    """All requests that the bot sent to Discord for it."""
    edits: int = 0
    files: int = 0
    messages: int = 0
    said: list[tuple[float, bytes]] = field(default_factory=list)
    """Each message that answers it, as JSON, with its time; empty for one with files."""

    @property
    def late(self) -> bool:
        """Whether the member was shown that the bot did not respond."""
        return self.acknowledged_at is None or self.acknowledged_at - self.sent_at > ACKNOWLEDGED_WITHIN_S

    @property
    def answered(self) -> bool:
        """Whether more than a deferral arrived, or nothing will arrive any more."""
        over = self.late and time.monotonic() - self.sent_at > ACKNOWLEDGED_WITHIN_S
        return over or self.files > 0 or self.messages > self.deferred

    def texts(self) -> list[tuple[float, str]]:
        """All visible text of each message, line by line, with its time."""
        return [(at, "\n".join(_words(json.loads(message or b"{}")))) for at, message in self.said]


def delays_s(typed: Sequence[Typed]) -> list[float]:
    """Seconds from the sending of each command to its acknowledgement, if there was one, sorted ascending."""
    return sorted(t.acknowledged_at - t.sent_at for t in typed if t.acknowledged_at is not None)


@dataclass(slots=True)
class LeanDiscord:
    """An async context manager that serves on loopback; `type_imagine` sends a member's command."""

    typed: dict[str, Typed] = field(default_factory=dict)
    """By interaction token."""
    listens: bool = False
    """Whether to store the bot's messages."""
    on_picture: Callable[[Typed], None] = lambda _: None
    """Called when a message shows a picture that it did not show before."""
    api_url: str = ""
    _numbers: int = 0
    _commands: dict[str, str] = field(default_factory=dict)
    _socket: web.WebSocketResponse | None = None
    _compress: Callable[[bytes], bytes] = field(default_factory=STREAMS["zlib-stream"])
    _sequence: int = 0
    _online: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_get("/gateway/ws", self._gateway)
        api = "/api/v10"
        app.router.add_get(f"{api}/gateway/bot", self._gateway_bot)
        app.router.add_get(f"{api}/users/@me", self._me)
        app.router.add_get(f"{api}/oauth2/applications/@me", self._application)
        app.router.add_get(f"{api}/applications/@me", self._application)
        app.router.add_get(f"{api}/applications/{{app}}/commands", self._registered)
        app.router.add_put(f"{api}/applications/{{app}}/commands", self._register)
        app.router.add_post(f"{api}/interactions/{{id}}/{{token}}/callback", self._callback)
        app.router.add_route("*", f"{api}/webhooks/{{app}}/{{token}}{{tail:.*}}", self._webhook)
        app.router.add_route("*", f"{api}/channels/{{channel}}/messages{{tail:.*}}", self._message)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.api_url = f"http://127.0.0.1:{port}{api}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def online(self) -> None:
        """Wait until the bot has received its server."""
        await self._online.wait()

    async def type_imagine(
        self, number: int, prompt: str, resolution: str = "1K", *, age_s: float = 0.0, guild_id: str = shapes.GUILD
    ) -> Typed:
        """Send a member's `/imagine`, which the bot receives `age_s` seconds after its creation."""
        options = {"prompt": prompt, "resolution": resolution}
        return await self.type_command(number, "imagine", options, age_s=age_s, guild_id=guild_id)

    async def type_command(
        self,
        number: int,
        name: str,
        options: Mapping[str, str],
        *,
        age_s: float = 0.0,
        guild_id: str = shapes.GUILD,
    ) -> Typed:
        """Send a member's command, which the bot receives `age_s` seconds after its creation."""
        interaction_id = self._snowflake(age_s)
        token = f"token-{interaction_id}"
        body = shapes.command(interaction_id, token, self._commands[name], number, name, options, guild_id)
        typed = self.typed[token] = Typed(
            number=number,
            interaction_id=int(interaction_id),
            sent_at=time.monotonic() - age_s,
            sent_time=time.time() - age_s,
        )
        await self._dispatch("INTERACTION_CREATE", body)
        typed.sent_at = time.monotonic() - age_s
        return typed

    def _snowflake(self, age_s: float = 0.0) -> str:
        self._numbers += 1
        return str(((int((time.time() - age_s) * 1_000) - _EPOCH_MS) << 22) | (self._numbers & 0x3F_FFFF))

    async def _dispatch(self, event: str, data: Json) -> None:
        self._sequence += 1
        frame = json.dumps({"op": 0, "t": event, "s": self._sequence, "d": data}).encode()
        await self._send(frame)

    async def _send(self, frame: bytes) -> None:
        if self._socket is None:
            raise RuntimeError("the bot is not connected")
        await self._socket.send_bytes(self._compress(frame))

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        self._socket = socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        self._compress = STREAMS[request.query["compress"]]()
        await self._send(json.dumps({"op": 10, "d": {"heartbeat_interval": _HELD_MS}, "s": None, "t": None}).encode())
        async for frame in socket:
            if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            match json.loads(frame.data)["op"]:
                case 1:
                    await self._send(b'{"op":11,"d":null,"s":null,"t":null}')
                case 2:
                    url = f"ws://{request.host}/gateway/ws"
                    await self._dispatch("READY", shapes.ready("lean", url))
                    for guild_id in shapes.CHANNELS:
                        await self._dispatch("GUILD_CREATE", shapes.guild(guild_id))
                    self._online.set()
                case 6:
                    await self._send(b'{"op":9,"d":false,"s":null,"t":null}')
        if self._socket is socket:
            self._socket = None
            self._online.clear()
        return socket

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
        return _json({"url": f"ws://{request.host}/gateway/ws", "shards": 1, "session_start_limit": limit})

    async def _me(self, _: web.Request) -> web.Response:
        return _json(shapes.user(shapes.BOT, "bot", bot=True))

    async def _application(self, _: web.Request) -> web.Response:
        return _json(shapes.application())

    async def _registered(self, _: web.Request) -> web.Response:
        return _json([])

    async def _register(self, request: web.Request) -> web.Response:
        registered = []
        for command in await request.json():
            command_id = self._snowflake()
            self._commands[command["name"]] = command_id
            ours = {"id": command_id, "application_id": shapes.BOT, "version": command_id}
            registered.append({"type": 1, "description": "", "options": [], **command, **ours})
        return _json(registered)

    async def _callback(self, request: web.Request) -> web.Response:
        typed = self.typed[request.match_info["token"]]
        typed.requests += 1
        body = await request.json()
        if typed.acknowledged_at is not None:
            return _json({"message": "Interaction has already been acknowledged.", "code": 40060}, status=400)
        typed.acknowledged_at = time.monotonic()
        if typed.late:
            return _json({"message": "Unknown interaction", "code": 10062}, status=404)
        data = body.get("data") or {}
        typed.deferred = body["type"] == _DEFERRED
        typed.private = bool(int(data.get("flags") or 0) & _EPHEMERAL)
        self._hear(typed, await request.read())
        message_id = self._snowflake()
        answer: Json = {
            "interaction": {
                "id": request.match_info["id"], "type": 2, "response_message_id": message_id,
                "response_message_loading": typed.deferred, "response_message_ephemeral": typed.private,
            }
        }  # fmt: skip
        if not typed.deferred:
            answer["resource"] = {"type": 4, "message": shapes.message(message_id, [])}
        return _json(answer)

    def _hear(self, typed: Typed, message: bytes) -> None:
        typed.messages += 1
        if self.listens:
            typed.said.append((time.time(), message))

    async def _webhook(self, request: web.Request) -> web.Response:
        typed = self.typed[request.match_info["token"]]
        typed.requests += 1
        typed.edits += request.method in {"PATCH", "POST"}
        return await self._shown(request, typed)

    async def _message(self, request: web.Request) -> web.Response:
        return await self._shown(request, None)

    async def _shown(self, request: web.Request, typed: Typed | None) -> web.Response:
        if request.method == "DELETE":
            return web.Response(status=204)
        if request.method == "GET":
            return _json({"message": "Unknown Message", "code": 10008}, status=404)
        names, message = await _drained(request)
        if typed is not None:
            typed.files += len(names)
            self._hear(typed, message)
            if names:
                self.on_picture(typed)
        at = f"http://{request.host}/attachments"
        attachments = [
            {"id": self._snowflake(), "filename": name, "size": 1, "url": f"{at}/{name}", "proxy_url": f"{at}/{name}"}
            for name in names
        ]
        return _json(shapes.message(self._snowflake(), attachments))


def _words(part: Any) -> Iterator[str]:
    """The texts of a message's components, in order."""
    if isinstance(part, list):
        for each in part:
            yield from _words(each)
    elif isinstance(part, dict):
        if isinstance(part.get("content"), str):
            yield part["content"]
        for name in ("data", "components", "accessory"):
            yield from _words(part.get(name))


async def _drained(request: web.Request) -> tuple[list[str], bytes]:
    """Read a body without storing files; returns their names, or the JSON of a message without any."""
    if not request.content_type.startswith("multipart/"):
        return [], await request.read()
    names: list[str] = []
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if isinstance(part, MultipartReader):
            continue
        if part.filename:
            names.append(part.filename)
        while await part.read_chunk(256 * 1024):
            pass
    return names, b""


def _json(body: Any, *, status: int = 200) -> web.Response:
    """A JSON response without a charset: discord.py accepts only that as JSON."""
    return web.Response(body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json"})
