"""Requests held in the middle of their course."""

from __future__ import annotations

import asyncio

import aiohttp

from sandbox.apimaster import ApimasterServer
from sandbox.breakpoints import Breakpoints

_SUBMIT = "/v1/images/generations/async"
_ORDER = {"model": "gemini-3.1-flash-image-preview", "prompt": "a held breath", "async": True}


async def test_a_request_goes_on_when_its_stop_is_released() -> None:
    """Only the next one that fits is held; others pass."""
    stops = Breakpoints()
    stop = stops.hold_next("before POST /a/*")
    await stops.passing("after POST /a/b")
    held = asyncio.create_task(stops.passing("before POST /a/b"))
    await stop.reached.wait()
    await stops.passing("before POST /a/b")
    assert not held.done()
    stop.release()
    await held


async def test_a_stop_that_was_released_holds_nothing() -> None:
    """Whoever gave up waiting leaves no trap behind."""
    stops = Breakpoints()
    stop = stops.hold_next("before *")
    stop.release()
    await stops.passing("before GET /")
    assert not stop.reached.is_set()


async def test_an_order_is_held_before_its_work_or_after_it() -> None:
    """The provider's books tell which; either way the caller has no answer until it is released."""
    async with ApimasterServer() as provider, aiohttp.ClientSession() as session:
        for side, held_with, charges in (("before", 0, 1), ("after", 2, 2)):
            stop = provider.stops.hold_next(f"{side} POST *")
            headers = {"Authorization": f"Bearer {provider.api_key}"}
            order = asyncio.create_task(_ordered(session, provider.base_url + _SUBMIT, headers))
            await stop.reached.wait()
            assert (len(provider.charges), order.done()) == (held_with, False)
            stop.release()
            await order
            assert len(provider.charges) == charges


async def _ordered(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
    async with session.post(url, json=_ORDER, headers=headers) as answer:
        await answer.read()
