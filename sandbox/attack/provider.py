"""Points 6, 7 and 10: what the provider returns, and where it redirects the bot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from sandbox.apimaster import Fault
from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target

_ADDRESSES: Final = (
    "http://a..b/x.png",
    f"http://{'a' * 64}.example/x.png",
    "http://127.0.0.1:99999999/x.png",
    "http://127.0.0.1:port/x.png",
    "http://[::1/x.png",
    "http://\u2024/x.png",
    "http:///x.png",
    "file:///etc/hostname",
    "//",
    "",
)
_ODD: Final[tuple[Any, ...]] = (
    None, [], {}, "x", 7, {"data": None}, {"data": []}, {"data": [[]]}, {"data": [{"url": None}]},
    {"data": [{"url": ["file:///x"]}]}, {"data": {"status": "success"}}, {"data": {"status": 7, "result": "x"}},
    {"data": {"status": "success", "result": {"images": [{"url": {}}]}}}, {"data": [{"b64_json": "%%%"}]},
)  # fmt: skip
_ENDED: Final = frozenset({"delivered", "failed", "uncertain", "ready", "cancelled"})
_ENDED_WITHIN_S: Final = 45.0


async def _ends(target: Target, report: Report, what: str, prompt: str) -> None:
    """Report a hole unless this prompt's job reaches a final state."""
    report.attempt()
    if not await target.until(lambda: _state(target, prompt) in _ENDED, _ENDED_WITHIN_S):
        report.hole(f"{what}: the job doesn't end, it is {_state(target, prompt)}")


def _state(target: Target, prompt: str) -> str:
    sql = "SELECT state FROM jobs JOIN requests ON requests.id = request_id WHERE prompt = ?"
    found = target.rows(sql, prompt)
    return str(found[0][0]) if found else "not stored"


async def addresses(target: Target, report: Report) -> None:
    """Answer orders with addresses that can't be resolved."""
    for address in _ADDRESSES:
        target.apimaster.script(Fault.reply(json.dumps({"data": [{"url": address}]}).encode()))
    await _order_all(target, report, [f"address {address!r:.40}" for address in _ADDRESSES])


async def redirects(target: Target, report: Report) -> None:
    """Redirect the read of a picture to addresses that can't be resolved or are private."""
    places = (*_ADDRESSES, "http://127.0.0.1:9/", "http://[::ffff:127.0.0.1]:9/", "http://169.254.169.254/latest")
    for place in places:
        target.apimaster.script_result(Fault.redirect(place or "http://"))
    await _order_all(target, report, [f"redirect {place!r:.40}" for place in places])


async def odd_answers(target: Target, report: Report) -> None:
    """Answer orders and polls with JSON of other shapes than the provider documents."""
    for body in _ODD:
        target.apimaster.script(Fault.reply(json.dumps(body).encode()))
    await _order_all(target, report, [f"answer {body!r:.40}" for body in _ODD])


async def _order_all(target: Target, report: Report, names: list[str]) -> None:
    for number, name in enumerate(names):
        await target.imagine(f"order {number}")
        await _ends(target, report, name, f"order {number}")


async def key_along_redirects(target: Target, report: Report) -> None:
    """Redirect orders, polls and reads to another origin, and back through it, and check where the API key is sent."""
    async with _catcher() as (url, seen):
        elsewhere, home = Fault.redirect(f"{url}/x"), Fault.redirect(f"{url}/home")
        for script in (target.apimaster.script, target.apimaster.script_poll, target.apimaster.script_result):
            script(elsewhere, home)
        for number in range(6):
            report.attempt()
            await target.imagine(f"redirected {number}")
        await target.until(lambda: target.apimaster.scripted == 0, 15)
        for path, headers in seen:
            if target.apimaster.api_key in headers:
                report.hole(f"the key is sent to another origin ({path})")


@asynccontextmanager
async def _catcher() -> AsyncIterator[tuple[str, list[tuple[str, str]]]]:
    """A server of another origin that records the requests it gets."""
    seen: list[tuple[str, str]] = []

    async def note(request: web.Request) -> web.Response:
        seen.append((request.path, repr(dict(request.headers))))
        return web.Response(status=404)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", note)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


_MANY: Final = {"PER_USER_PENDING": "100", "PER_USER_RUNNING": "10", "MAX_RUNNING": "20"}
SCENARIOS: Final = (
    Scenario(name="odd answers", point=6, about="JSON of other shapes", run=odd_answers, settings=_MANY, short=False),
    Scenario(name="unresolvable addresses", point=7, about="of results", run=addresses, settings=_MANY, short=False),
    Scenario(name="unresolvable redirects", point=7, about="of results", run=redirects, settings=_MANY, short=False),
    Scenario(name="key along redirects", point=10, about="to other origins", run=key_along_redirects, settings=_MANY),
)
