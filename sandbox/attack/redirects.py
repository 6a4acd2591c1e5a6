"""Point 10: a provider that redirects within its own origin, where the API key must not be sent either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target

_FOLLOWED_WITHIN_S: Final = 10.0


async def key_along_own_redirects(target: Target, report: Report) -> None:
    """Redirect the read of a result within the provider's own origin, and check whether the API key is sent."""
    own_url = target.apimaster.base_url
    async with _provider() as (url, keys):
        await _start_with(target, url)
        await target.imagine("redirected at home")
        report.attempt()
        if not await target.until(lambda: bool(keys), _FOLLOWED_WITHIN_S):
            report.failed("the redirect was not followed, so nothing is known")
        if any(keys):
            report.hole("the key travels along a redirect within the provider's origin")
        await target.bot.stop()
    await _start_with(target, own_url)


async def _start_with(target: Target, base_url: str) -> None:
    await target.bot.stop()
    target.bot.env["APIMASTER_BASE_URL"] = base_url
    await target.bot.start()
    await target.wait_for_bot()


@asynccontextmanager
async def _provider() -> AsyncIterator[tuple[str, list[str]]]:
    """A provider that redirects reads of pictures; yields its URL and the keys sent to the new address."""
    keys: list[str] = []

    async def submit(_: web.Request) -> web.Response:
        return web.json_response({"code": 200, "data": [{"status": "submitted", "task_id": "task_1"}]})

    async def poll(request: web.Request) -> web.Response:
        images = [{"url": [f"http://{request.host}/v1/result.png"]}]
        return web.json_response({"data": {"status": "succeeded", "result": {"images": images}}})

    async def moved(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/moved.png"})

    async def read(request: web.Request) -> web.Response:
        keys.append(request.headers.get("Authorization", ""))
        return web.Response(status=404)

    app = web.Application()
    app.router.add_post("/v1/images/generations/async", submit)
    app.router.add_get("/v1/tasks/{task}", poll)
    app.router.add_get("/v1/result.png", moved)
    app.router.add_get("/moved.png", read)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", keys
    finally:
        await runner.cleanup()


SCENARIOS: Final = (
    Scenario(
        name="key along own redirects",
        point=10,
        about="within the provider's origin",
        run=key_along_own_redirects,
        short=False,
    ),
)
