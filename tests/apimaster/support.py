"""Helpers for the tests of the provider client."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from pydantic import SecretStr

from bot.apimaster.client import ApimasterClient, Timeouts
from bot.domain.picture import Resolution
from bot.ports import PictureSource, TaskState

MODEL = "gemini-3.1-flash-image-preview"
SHORT_S = 0.8


def quick_timeouts() -> Timeouts:
    """Time-outs that a test can wait for."""
    return Timeouts(
        connect_s=2,
        submit_s=SHORT_S,
        sync_s=dict.fromkeys(Resolution, SHORT_S),
        poll_s=SHORT_S,
        upload_s=2,
        download_s=SHORT_S,
    )


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@asynccontextmanager
async def connected(
    base_url: str, key: str | SecretStr = "sandbox-key", result_hosts: Sequence[str] = ("127.0.0.1", "localhost")
) -> AsyncIterator[ApimasterClient]:
    """A client of a base URL; the tests' own servers all run on this machine."""
    async with ApimasterClient(base_url, key, MODEL, result_hosts=result_hosts, timeouts=quick_timeouts()) as opened:
        yield opened


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server with one handler; yields its base URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def until_done(client: ApimasterClient, task_id: str) -> PictureSource:
    """Poll a task until it has its picture."""
    async with asyncio.timeout(20):
        while True:
            status = await client.poll(task_id)
            if status.state is TaskState.SUCCEEDED:
                assert status.source is not None
                return status.source
            await asyncio.sleep(0.01)
