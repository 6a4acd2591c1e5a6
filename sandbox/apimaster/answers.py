"""How a fault spoils an answer on the wire."""

import asyncio
import socket
import struct

from aiohttp import web

from sandbox.apimaster.envelope import ApiError
from sandbox.apimaster.faults import Fault, Kind

_PROXY_PAGE = """<html><head><title>{status} Bad Gateway</title></head>
<body><center><h1>{status} Bad Gateway</h1></center><hr><center>nginx</center></body></html>"""
_CHUNK_BYTES = 1024 * 1024


async def instead(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """The answer of a fault that keeps the work from being done; None where the fault is of another sort."""
    match fault.kind:
        case Kind.HTTP:
            raise ApiError(fault.status, fault.message, code=fault.code, kind=fault.type, headers=fault.headers)
        case Kind.HTML:
            return _page(fault.status)
        case Kind.REDIRECT:
            return web.Response(status=fault.status, headers=fault.headers)
        case Kind.RESET:
            await reset(request)
        case Kind.HANG:
            await forever()
    return None


async def afterwards(fault: Fault, request: web.Request, response: web.Response) -> web.StreamResponse:
    """The answer of a fault that spoils what the work came to."""
    body = response.body if isinstance(response.body, bytes) else b""
    match fault.kind:
        case Kind.RESET_AFTER:
            await reset(request)
        case Kind.HANG_AFTER:
            await forever()
        case Kind.HTML_AFTER:
            return _page(fault.status)
        case Kind.REPLY | Kind.CONTENT:
            return web.Response(status=fault.status, body=fault.content, content_type=fault.content_type)
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
            # Lingering for zero seconds makes the kernel send a reset instead of an orderly end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    await forever()


async def forever() -> None:
    """Wait until the caller hangs up or the server stops; both cancel the handler."""
    await asyncio.Event().wait()


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
