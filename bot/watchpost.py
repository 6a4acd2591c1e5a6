"""`/healthz` and `/metrics` over HTTP, for monitors; off unless a port is set."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from bot.domain.errors import StartupError, StoreError
from bot.health import Health
from bot.metrics import CONTENT_TYPE, Metrics

log = logging.getLogger(__name__)

_DEGRADED: Final = 503
_ANSWERS_END_BY_S: Final = 1.0


class Watchpost:
    """Serves while it is entered; raises StartupError where the port cannot be had."""

    def __init__(self, *, health: Health, metrics: Metrics, host: str, port: int) -> None:
        self._health = health
        self._metrics = metrics
        self._host = host
        self._port = port
        app = web.Application()
        app.add_routes([web.get("/healthz", self._healthz), web.get("/metrics", self._page)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_ANSWERS_END_BY_S)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise StartupError(
                f"HTTP_PORT {self._port} on {self._host} cannot be used: {error.strerror}. Choose another one."
            ) from None
        log.info("watchpost_open", extra={"host": self._host, "port": self._port})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        troubles = await self._health.troubles()
        body = {"status": "degraded" if troubles else "ready", "reasons": troubles}
        return web.json_response(body, status=_DEGRADED if troubles else web.HTTPOk.status_code)

    async def _page(self, _request: web.Request) -> web.Response:
        try:
            return web.Response(body=await self._metrics.page(), headers={"Content-Type": CONTENT_TYPE})
        except StoreError as error:
            log.warning("metrics_not_read", extra={"error": str(error)})
            return web.Response(text="The database does not answer.", status=_DEGRADED)
