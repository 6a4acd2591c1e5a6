"""Breakpoints: requests paused in the middle of their processing."""

from __future__ import annotations

import asyncio

import aiohttp

from sandbox.apimaster import ApimasterServer
from sandbox.breakpoints import Breakpoints

_SUBMIT = "/v1/images/generations/async"
_ORDER = {"model": "gemini-3.1-flash-image-preview", "prompt": "a held breath", "async": True}


async def test_request_continues_when_its_breakpoint_is_released() -> None:
    """Only the next matching one is paused; others pass."""
    stops = Breakpoints()
    stop = stops.hold_next("before POST /a/*")
    await stops.passing("after POST /a/b")
    held = asyncio.create_task(stops.passing("before POST /a/b"))
    await stop.reached.wait()
    await stops.passing("before POST /a/b")
    assert not held.done()
    stop.release()
    await held


async def test_released_breakpoint_pauses_nothing() -> None:
    """A waiter that timed out leaves no active breakpoint behind."""
    stops = Breakpoints()
    stop = stops.hold_next("before *")
    stop.release()
    await stops.passing("before GET /")
    assert not stop.reached.is_set()


async def test_order_is_paused_before_or_after_its_work() -> None:
    """The provider's accounting shows which; either way the caller has no answer until it is released."""
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
