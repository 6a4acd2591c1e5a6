"""`/healthz` and `/metrics` over HTTP, for monitoring; off unless a port is set."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import hdrs, web

from bot.domain.errors import StartupError, StoreError
from bot.ops.health import Health
from bot.ops.http_connections import Connections, listen
from bot.ops.http_host import KnownHosts
from bot.ops.metrics import CONTENT_TYPE, Metrics
from bot.ops.process_limits import share_of_files

log = logging.getLogger(__name__)
_QUIET: Final = logging.getLogger(f"{__name__}.protocol")
# aiohttp logs a traceback for each request that it cannot parse; our handlers' errors are logged here.
_QUIET.disabled = True

_DEGRADED: Final = 503
_ANSWERS_END_BY_S: Final = 1.0
_CONNECTIONS: Final = 64
_REQUEST_WITHIN_S: Final = 5.0
_DONE_WITHIN_S: Final = 10.0
_REQUEST_BYTES: Final = 16 * 1024
_LINE_BYTES: Final = 2 * 1024


class HttpServer:
    """Serves while it is entered; raises StartupError if the port is unavailable.

    Each connection carries one request and is closed after it; `Connections` has the limits.
    """

    def __init__(self, *, health: Health, metrics: Metrics, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._known_hosts = KnownHosts(host, port)
        self._pages = {"/healthz": _Shared(lambda: _healthz(health)), "/metrics": _Shared(lambda: _metrics(metrics))}
        self._server: asyncio.Server | None = None
        self._connections: Connections | None = None
        self._protocols: web.Server | None = None

    async def __aenter__(self) -> Self:
        self._protocols = web.Server(
            self._answer,
            logger=_QUIET,
            access_log=None,
            lingering_time=0,
            max_line_size=_LINE_BYTES,
            max_field_size=_LINE_BYTES,
            handler_cancellation=True,
        )
        self._connections = Connections(
            self._protocols,
            limit=share_of_files(_CONNECTIONS),
            request_within_s=_REQUEST_WITHIN_S,
            done_within_s=_DONE_WITHIN_S,
            request_bytes=_REQUEST_BYTES,
        )
        try:
            self._server = await listen(self._host, self._port, self._connections)
        except OSError as error:
            raise StartupError(
                f"HTTP_PORT {self._port} on {self._host} cannot be used: {error.strerror}. Choose another one."
            ) from None
        log.info("watchpost_open", extra={"host": self._host, "port": self._port})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        if self._connections is not None:
            self._connections.close()
        if self._protocols is not None:
            await self._protocols.shutdown(_ANSWERS_END_BY_S)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request and close its connection."""
        try:
            response = self._refusal(request) or await self._pages[request.path].get()
        except Exception:
            log.exception("http_request_failed", extra={"path": request.path})
            response = web.Response(status=500, text="This failed; the log says why.\n")
        response.force_close()
        return response

    def _refusal(self, request: web.BaseRequest) -> web.Response | None:
        """The response to a request for anything that is not served here."""
        hosts = request.headers.getall(hdrs.HOST, [])
        # A browser always sends Host. HTTP/1.0, which some load balancers use for checks, need not.
        nameless = not hosts and request.version < (1, 1)
        if not nameless and (len(hosts) != 1 or hosts[0] not in self._known_hosts):
            text = "This host name is not known here. Use the address that HTTP_HOST and HTTP_PORT name.\n"
            return web.Response(status=421, text=text)
        if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            return web.Response(status=405, text="Only GET and HEAD are answered.\n", headers={"Allow": "GET, HEAD"})
        if request.path not in self._pages:
            return web.Response(status=404, text="There are /healthz and /metrics.\n")
        return None


class _Shared:
    """A page rendered once for all concurrent requests, so that many requests cost as much as one."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, tuple[int, bytes, str]]]) -> None:
        self._make = make
        self._making: asyncio.Task[tuple[int, bytes, str]] | None = None

    async def get(self) -> web.Response:
        """The page being rendered, or a new one; a cancelled caller doesn't cancel it for the others."""
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make(), name="http-page")
        status, body, content_type = await asyncio.shield(self._making)
        return web.Response(status=status, body=body, headers={hdrs.CONTENT_TYPE: content_type})


async def _healthz(health: Health) -> tuple[int, bytes, str]:
    troubles = await health.troubles()
    body = json.dumps({"status": "degraded" if troubles else "ready", "reasons": troubles}).encode()
    return _DEGRADED if troubles else web.HTTPOk.status_code, body, "application/json; charset=utf-8"


async def _metrics(metrics: Metrics) -> tuple[int, bytes, str]:
    try:
        return web.HTTPOk.status_code, await metrics.page(), CONTENT_TYPE
    except StoreError as error:
        log.warning("metrics_not_read", extra={"error": str(error)})
        return _DEGRADED, b"The database does not answer.", "text/plain; charset=utf-8"
