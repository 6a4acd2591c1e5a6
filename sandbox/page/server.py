"""The page's server: its files, its live updates, and its requests."""

import socket
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from sandbox.discord.errors import DiscordError
from sandbox.driver import DriverError
from sandbox.faults import RandomFaults
from sandbox.page.actions import Actions, read_json
from sandbox.page.controls import Admin, ControlError
from sandbox.page.guard import add_headers, guard
from sandbox.page.stream import Stream
from sandbox.page.view import MEMBERS
from sandbox.stack import Sandbox

_STATIC = Path(__file__).with_name("static")
_MAX_UPLOAD_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_PASSED_ON = ("Content-Type", "Content-Length")


class PageServer:
    """Serves the page of one sandbox on loopback; an async context manager.

    If the port is in use, a free one is used; `port` then says which.
    """

    def __init__(
        self, sandbox: Sandbox, *, port: int = 0, managed: bool = True, random_faults: RandomFaults | None = None
    ) -> None:
        self.port = port
        self._sandbox = sandbox
        self._controls = Admin(sandbox, managed=managed, random_faults=random_faults)
        self._streams: set[Stream] = set()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[guard, _errors_as_sentences], client_max_size=_MAX_UPLOAD_BYTES)
        app.on_response_prepare.append(add_headers)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/api/events", self._events),
                web.post("/api/panel/{action}", self._panel),
                web.get("/cdn/{path:.+}", self._cdn),
                web.static("/static", _STATIC, append_version=False),
                *Actions(self._sandbox.driver).routes(),
            ]
        )
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handle_signals=False)
        await self._runner.setup()
        listener = _listen(self.port)
        self.port = listener.getsockname()[1]
        await web.SockSite(self._runner, listener).start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        for stream in self._streams:
            stream.close()
        await self._runner.cleanup()
        await self._session.close()

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(_STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        member = request.query.get("member", "")
        if member not in MEMBERS:
            raise web.HTTPNotFound
        world = self._sandbox.world
        stream = Stream(world, member, self._sandbox.discord.cdn_host, self._controls.state)
        self._streams.add(stream)
        stop_listening = world.hub.listen(stream.listen)
        try:
            return await stream.serve(request)
        finally:
            stop_listening()
            self._streams.discard(stream)

    async def _panel(self, request: web.Request) -> web.Response:
        await self._controls.act(request.match_info["action"], await read_json(request))
        return web.json_response({})

    async def _cdn(self, request: web.Request) -> web.StreamResponse:
        """Proxy a file of the CDN stand-in, so that the page needs only one port (through a tunnel, for example)."""
        path = request.rel_url.raw_path.removeprefix("/cdn/")
        address = f"http://{self._sandbox.discord.cdn_host}/{path}?{request.rel_url.raw_query_string}"
        async with self._session.get(URL(address, encoded=True)) as answer:
            headers = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                await response.write(chunk)
            return response


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback at this port, or at a free one if it is in use."""
    for candidate in (port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # The port of a sandbox that has just exited can be reused, although connections remain in TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
            return listener
        except OSError:
            listener.close()
    raise OSError("there is no free port on 127.0.0.1")


@web.middleware
async def _errors_as_sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Report errors of actions to the person as a sentence, never as a stack trace."""
    try:
        return await handler(request)
    except (DriverError, ControlError) as error:
        return web.json_response({"error": _sentence(str(error))}, status=400)
    except DiscordError as error:
        return web.json_response({"error": _sentence(error.message)}, status=400)
    except (KeyError, TypeError, ValueError) as error:
        return web.json_response({"error": f"The page sent something unexpected: {error!r}."}, status=400)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
