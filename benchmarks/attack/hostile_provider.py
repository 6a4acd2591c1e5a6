"""A provider that answers every poll with the same hostile body; runs in a separate process.

`python -m benchmarks.attack.hostile_provider SHAPE` prints its base URL and serves until SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

_MB: Final = 1_000_000
_DONE: Final = b'{"data": {"status": "success", "result": {"images": [{"url": "%s"}]}}}'


def _picture(size_mb: int) -> bytes:
    """A success response with an inline image that turns out to be no picture when decoded."""
    return _DONE % (b"data:image/png;base64," + b"QUJD" * (size_mb * _MB // 4))


SHAPES: Final[Mapping[str, Callable[[], bytes]]] = {
    "nothing unusual": lambda: b'{"data": {"status": "running"}}',
    "20 million objects": lambda: b'{"data": [' + b"{}," * 20_000_000 + b"{}]}",
    "60 MB of brackets": lambda: b"[" * (60 * _MB),
    "60 MB of nested lists": lambda: b"[" + b"[[[[]]]]," * (60 * _MB // 9) + b"[]]",
    "60 MB of numbers": lambda: b"[" + b"1," * (30 * _MB) + b"1]",
    "60 MB in one number": lambda: b'{"data": ' + b"9" * (60 * _MB) + b"}",
    "60 MB of short strings": lambda: b"[" + b'"",' * (20 * _MB) + b'""]',
    "60 MB of message": lambda: b'{"data": {"status": "running", "message": "' + b"no! " * (15 * _MB) + b'"}}',
    "60 MB of escapes": lambda: b'{"data": {"status": "running", "message": "' + b"\\n" * (30 * _MB) + b'"}}',
    "500,000 addresses": lambda: (
        b'{"data": {"status": "success", "result": {"images": ['
        + b",".join(b'{"url": "http://203.0.113.1/%d"}' % number for number in range(500_000))
        + b"]}}}"
    ),
    "a picture of 80 MB": lambda: _picture(80),
    "80 MB unpacked from gzip": lambda: gzip.compress(b'{"data": [' + b"{}," * (26 * _MB) + b"{}]}", 6),
}


async def _serve(shape: str) -> None:
    body = SHAPES[shape]()
    headers = {"Content-Encoding": "gzip"} if "gzip" in shape else {}

    async def submit(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"code": 200, "data": [{"status": "submitted", "task_id": "task_1"}]})

    async def poll(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json", headers=headers)

    app = web.Application()
    app.router.add_post("/v1/images/generations/async", submit)
    app.router.add_get("/v1/tasks/{task}", poll)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    await asked.wait()
    await runner.cleanup()


@asynccontextmanager
async def hostile_provider(shape: str) -> AsyncIterator[str]:
    """Serve for the duration of the block; yields the base URL."""
    serving = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, shape, stdout=asyncio.subprocess.PIPE
    )
    try:
        if serving.stdout is None:
            raise RuntimeError("no pipe")
        yield (await serving.stdout.readline()).decode().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            serving.terminate()
        await serving.wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
