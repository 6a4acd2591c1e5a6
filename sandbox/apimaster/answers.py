"""Apply a fault to an HTTP response."""

import asyncio
import socket
import struct

from aiohttp import web

from sandbox.apimaster.envelope import ApiError
from sandbox.apimaster.faults import Fault, Kind

_PROXY_PAGE = """<html><head><title>{status}</title></head>
<body><center><h1>{status} the gateway is in trouble</h1></center><hr><center>nginx</center></body></html>"""
_CHUNK_BYTES = 1024 * 1024
_DRIPS = 20


class Hung:
    """Requests that get no response until they are released."""

    def __init__(self) -> None:
        self._let_go = asyncio.Event()
        self.waiting = 0

    async def wait(self) -> None:
        """Wait until released."""
        self.waiting += 1
        try:
            await self._let_go.wait()
        finally:
            self.waiting -= 1

    def let_go(self) -> None:
        """Release all requests that wait now; later ones wait as before."""
        self._let_go.set()
        self._let_go = asyncio.Event()


HUNG = web.AppKey("hung", Hung)


async def instead(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """The response of a fault that prevents the work; None for other faults. Raises ApiError for an HTTP fault."""
    match fault.kind:
        case Kind.HTTP:
            raise ApiError(fault.status, fault.message, code=fault.code, kind=fault.type, headers=fault.headers)
        case Kind.HTML:
            return _page(fault.status)
        case Kind.REDIRECT:
            target = fault.headers["Location"] or str(request.rel_url)
            return web.Response(status=fault.status, headers={"Location": target})
        case Kind.RESET | Kind.RESET_UNREAD:
            await reset(request)
        case Kind.HANG:
            return await _hang(request)
    return None


async def afterwards(fault: Fault, request: web.Request, response: web.Response) -> web.StreamResponse:
    """The response of a fault that spoils the result of finished work. Raises ApiError for an HTTP fault."""
    body = response.body if isinstance(response.body, bytes) else b""
    match fault.kind:
        case Kind.RESET_AFTER:
            await reset(request)
        case Kind.HANG_AFTER:
            return await _hang(request)
        case Kind.HTML_AFTER:
            return _page(fault.status)
        case Kind.HTTP_AFTER:
            raise ApiError(fault.status, fault.message, code=fault.code, kind=fault.type)
        case Kind.DRIP:
            return await _drip(request, response, fault.seconds)
        case Kind.REPLY | Kind.CONTENT:
            headers = {**fault.headers, "Content-Type": fault.content_type}
            return web.Response(status=fault.status, body=fault.content, headers=headers)
        case Kind.TRUNCATED:
            return web.Response(body=body[: len(body) // 2], content_type=response.content_type)
        case Kind.CUT_OFF:
            return await _cut_off(request, body, response.content_type)
        case Kind.OVERSIZED:
            return await _oversized(request, fault.size_bytes)
    return response


async def reset(request: web.Request) -> None:
    """Break the connection with a TCP reset; the handler ends by being cancelled."""
    transport = request.transport
    if transport is not None:
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None:
            # SO_LINGER of zero seconds makes the kernel send a reset instead of an orderly close.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    await forever()


async def forever() -> None:
    """Wait until the caller disconnects or the server stops; both cancel the handler."""
    await asyncio.Event().wait()


async def _hang(request: web.Request) -> web.StreamResponse:
    """Send nothing until the fault is over, then 504 as a proxy does after its timeout."""
    await request.app[HUNG].wait()
    return _page(504)


async def _drip(request: web.Request, answer: web.Response, seconds: float) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b""
    response = web.StreamResponse(headers={"Content-Type": answer.content_type, "Content-Length": str(len(body))})
    await response.prepare(request)
    size = max(1, len(body) // _DRIPS)
    for start in range(0, len(body), size):
        await asyncio.sleep(seconds / _DRIPS)
        await response.write(body[start : start + size])
    await response.write_eof()
    return response


def _page(status: int) -> web.Response:
    return web.Response(status=status, text=_PROXY_PAGE.format(status=status), content_type="text/html")


async def _cut_off(request: web.Request, body: bytes, content_type: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    await forever()
    return response


async def _oversized(request: web.Request, size_bytes: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "image/png"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    for start in range(0, size_bytes, _CHUNK_BYTES):
        await response.write(bytes(min(_CHUNK_BYTES, size_bytes - start)))
    await response.write_eof()
    return response
