"""The stand-in's server: REST, gateway and CDN on one loopback port."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from sandbox.discord.cdn import Cdn
from sandbox.discord.errors import DiscordError, invalid_form, not_found, unauthorized
from sandbox.discord.faults import CUT, DiscordFaults
from sandbox.discord.gateway import Gateway
from sandbox.discord.openapi import OpenApi, find_description
from sandbox.discord.ratelimit import RateLimiter
from sandbox.discord.requestlog import LoggedRequest, RequestLog
from sandbox.discord.rest import ENDPOINTS, Call, Endpoint, Reply
from sandbox.discord.rest.call import read_body
from sandbox.discord.world import REQUEST_LIMIT, World

_PREFIXES = ("/api/v10", "/api/v9", "/api")
# Codes for an invalid body, which a well-behaved bot never sends.
_BODY_CODES = frozenset({50035, 50006, 50109})
_MAX_VIOLATIONS = 1000
_CALLER_IS_GONE = 499


class DiscordServer:
    """An async context manager that serves a world; closes the world's files on exit."""

    def __init__(
        self, world: World, *, port: int = 0, faults: DiscordFaults | None = None, openapi: Path | None = None
    ) -> None:
        self.world = world
        self.faults = faults or DiscordFaults()
        self.requests = RequestLog()
        self.violations: list[str] = []
        self.rate_limits = RateLimiter()
        self.gateway = Gateway(world, self.faults)
        self.faults.attach(world, self.gateway)
        description = openapi or find_description()
        self.openapi = OpenApi(description) if description else None
        self._port = port
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)

    @property
    def api_url(self) -> str:
        """The value for the bot's DISCORD_API_URL."""
        return f"http://{self.cdn_host}/api/v10"

    @property
    def cdn_host(self) -> str:
        """The value for the bot's DISCORD_CDN_HOSTS."""
        return f"127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.gateway.url = f"ws://{self.cdn_host}/gateway"
        self.world.files.base_url = f"http://{self.cdn_host}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.close()
        await self._runner.cleanup()
        self.world.close()

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=REQUEST_LIMIT)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/", self.gateway.handle)
        app.router.add_routes(Cdn(self.world, self.faults).routes())
        for prefix in _PREFIXES:
            for endpoint in ENDPOINTS:
                app.router.add_route(endpoint.method, prefix + endpoint.template, _Route(self, endpoint).handle)
        app.router.add_route("*", "/api/{rest:.*}", _Route(self, _NOWHERE).handle)
        return app


async def _nowhere(_: Call) -> Reply:
    raise not_found()


_NOWHERE = Endpoint(method="*", template="(unknown)", handler=_nowhere, authorised=False)


class _Route:
    """Handles requests to an endpoint: logging, faults, token, rate limit, body, schema, then the handler."""

    def __init__(self, server: DiscordServer, endpoint: Endpoint) -> None:
        self._server = server
        self._endpoint = endpoint
        self._name = f"{endpoint.method} {endpoint.template}"

    async def handle(self, request: web.Request) -> web.Response:
        """Handle one request."""
        server, started = self._server, time.monotonic()
        call = Call(world=server.world, gateway_url=server.gateway.url, params=request.match_info, query=request.query)
        headers: dict[str, str] = {}
        code: int | None = None
        page = ""
        try:
            await server.faults.stops.passing(f"before {self._name}")
            await asyncio.sleep(server.faults.take_delay(self._name))
            reply = await self._answer(request, call, headers)
            await server.faults.stops.passing(f"after {self._name}")
        except DiscordError as error:
            reply = Reply(error.body(), error.status)
            headers |= error.headers
            code, page = error.code, error.page
            self._note_violation(call, error)
            if error.status == CUT and request.transport is not None:
                request.transport.abort()
                reply = Reply({}, _CALLER_IS_GONE)
        except ConnectionError:
            reply = Reply({}, _CALLER_IS_GONE)  # disconnected while sending its request
        finally:
            call.discard_uploads()
        server.requests.add(
            LoggedRequest(
                time=server.world.clock.now(),
                method=request.method,
                path=request.path,
                route=self._endpoint.template,
                status=reply.status,
                took_s=time.monotonic() - started,
                body=call.body,
                files=tuple((upload.filename, upload.size) for upload in call.uploads),
                code=code,
            )
        )
        return _proxy_page(page, reply.status, headers) if page else _response(reply, headers)

    async def _answer(self, request: web.Request, call: Call, headers: dict[str, str]) -> Reply:
        server, endpoint = self._server, self._endpoint
        form = request.content_type == "multipart/form-data"
        if failure := server.faults.take_failure(self._name, after=False, with_files=form):
            # The body is read all the same, so that the client gets the response and not a reset.
            await read_body(request, call, file_limit=REQUEST_LIMIT)
            raise failure
        if endpoint.authorised and request.headers.get("Authorization") != f"Bot {server.world.token}":
            raise unauthorized()
        headers |= server.rate_limits.take(self._name, request.match_info)
        limit = server.faults.upload_limit
        await read_body(request, call, file_limit=server.world.upload_limit if limit is None else limit)
        if server.openapi and (errors := server.openapi.request_errors(endpoint.method, endpoint.template, call.body)):
            raise invalid_form(errors)
        reply = await endpoint.handler(call)
        if failure := server.faults.take_failure(self._name, after=True, with_files=form):
            raise failure
        return reply

    def _note_violation(self, call: Call, error: DiscordError) -> None:
        if error.code in _BODY_CODES and len(self._server.violations) < _MAX_VIOLATIONS:
            details = json.dumps(error.body().get("errors", {}))
            self._server.violations.append(f"{self._name}: {error.message} {details} in {_short(call.body)}")


def _response(reply: Reply, headers: dict[str, str]) -> web.Response:
    """A response as Discord sends it: exactly `application/json`, and the `Via` header that discord.py checks."""
    headers = {**headers, "Via": "1.1 sandbox"}
    if reply.status == 204:
        return web.Response(status=204, headers=headers)
    body = json.dumps(reply.body).encode()
    return web.Response(status=reply.status, body=body, headers={**headers, "Content-Type": "application/json"})


def _proxy_page(page: str, status: int, headers: dict[str, str]) -> web.Response:
    """A response of a proxy, not of Discord: none of its headers, and no JSON."""
    return web.Response(status=status, text=page, content_type="text/html", headers=headers)


def _short(body: Any) -> str:
    text = json.dumps(body, ensure_ascii=False)
    return text if len(text) <= 500 else text[:500] + "…"
