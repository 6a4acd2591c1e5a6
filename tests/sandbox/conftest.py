"""A running Discord stand-in, and plain clients for its REST API and gateway."""

import io
import json
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import pytest

from sandbox.discord import DiscordServer, World
from sandbox.driver import Driver


class Answer(NamedTuple):
    """The result of a REST call."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        """Discord's error code."""
        return int(self.body["code"])


class Api:
    """Calls the stand-in like a bot without a library."""

    def __init__(self, server: DiscordServer, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        files: dict[str, bytes] | None = None,
        token: str | None = None,
    ) -> Answer:
        """One request with the bot's token (or another); `files` makes it multipart with files[n] parts."""
        headers = {"Authorization": f"Bot {self._server.world.token if token is None else token}"}
        data: Any = None
        if files is not None:
            data = aiohttp.FormData(quote_fields=False)
            data.add_field("payload_json", json.dumps(body or {}), content_type="application/json")
            for index, (name, content) in enumerate(files.items()):
                data.add_field(
                    f"files[{index}]", io.BytesIO(content), filename=name, content_type="application/octet-stream"
                )
        elif body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        async with self._session.request(method, self._server.api_url + path, data=data, headers=headers) as response:
            text = await response.text()
            is_json = response.headers.get("Content-Type") == "application/json"
            return Answer(response.status, json.loads(text) if is_json else text, dict(response.headers))

    async def fetch(self, url: str) -> Answer:
        """Read any URL without a token; the body is bytes."""
        async with self._session.get(url) as response:
            return Answer(response.status, await response.read(), dict(response.headers))


def _inflater(query: str) -> Callable[[bytes], bytes]:
    """A decompressor for the frames of a connection: one stream, or each frame separately."""
    if "zlib-stream" in query:
        return zlib.decompressobj().decompress
    if sys.version_info >= (3, 14) and "zstd-stream" in query:
        from compression import zstd  # noqa: PLC0415 - earlier versions have no such module

        return zstd.ZstdDecompressor().decompress
    return zlib.decompress


class RawGateway:
    """A gateway connection on the level of frames."""

    def __init__(
        self, server: DiscordServer, session: aiohttp.ClientSession, query: str = "v=10&encoding=json"
    ) -> None:
        self._server = server
        self._session = session
        self._query = query
        self._inflate = _inflater(query)
        self.binary_frames = 0
        self.sequence = 0

    async def __aenter__(self) -> Self:
        self.ws = await self._session.ws_connect(f"{self._server.gateway.url}?{self._query}", max_msg_size=0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.ws.close()

    async def send(self, op: int, data: Any, *, binary: bool = False) -> None:
        """Send a frame as text or, like some libraries, as bytes."""
        text = json.dumps({"op": op, "d": data})
        await (self.ws.send_bytes(text.encode()) if binary else self.ws.send_str(text))

    async def receive(self) -> dict[str, Any]:
        """The next frame, decompressed if needed."""
        message = await self.ws.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.BINARY:
            self.binary_frames += 1
            message = message._replace(data=self._inflate(message.data))
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), f"closed with {self.ws.close_code}"
        frame: dict[str, Any] = json.loads(message.data)
        self.sequence = frame["s"] or self.sequence
        return frame

    async def event(self, name: str) -> dict[str, Any]:
        """The body of the next event of that name."""
        while (frame := await self.receive())["t"] != name:
            pass
        body: dict[str, Any] = frame["d"]
        return body

    async def closed_with(self) -> int | None:
        """Read until the server closes; returns its close code."""
        while not self.ws.closed:
            await self.ws.receive(timeout=5)
        return self.ws.close_code

    async def identify(self, *, intents: int = 0, binary: bool = False, **more: Any) -> dict[str, Any]:
        """Receive HELLO and send IDENTIFY; returns READY's body."""
        assert (await self.receive())["op"] == 10
        properties = {"os": "linux", "browser": "test", "device": "test"}
        body = {"token": self._server.world.token, "intents": intents, "properties": properties, **more}
        await self.send(2, body, binary=binary)
        return await self.event("READY")


@pytest.fixture
def world() -> World:
    """A new server with its members."""
    return World()


@pytest.fixture
async def discord_server(world: World) -> AsyncIterator[DiscordServer]:
    """The stand-in, listening."""
    async with DiscordServer(world) as server:
        yield server


@pytest.fixture
async def web_session() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def api(discord_server: DiscordServer, web_session: aiohttp.ClientSession) -> Api:
    """A bot's REST client."""
    return Api(discord_server, web_session)


@pytest.fixture
def driver(discord_server: DiscordServer) -> Driver:
    """The driver of the members."""
    return Driver(discord_server)
