"""The HTTP port under load and attack: it answers monitors, and uses few of the bot's resources."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from benchmarks.process import free_port
from bot.domain.job import Gate
from bot.ops.counters import Counters
from bot.ops.http_host import KnownHosts
from bot.ops.http_server import HttpServer
from bot.ops.metrics import Metrics
from bot.ops.process_limits import share_of_files
from tests.ops.test_metrics import Rows, health

SOON_S = 0.3
"""In place of the port's limit of seconds."""


@asynccontextmanager
async def served(host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A port of a healthy bot; its number."""
    port = free_port()
    page = Metrics(counters=Counters(), store=Rows(), gate=lambda: Gate(closed=False), balance=lambda: None)
    async with HttpServer(health=health(), metrics=page, host=host, port=port):
        yield port


async def said(port: int, sent: str, *, within_s: float = 5) -> str:
    """Everything that is answered to these bytes until the port closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent.encode())
        async with asyncio.timeout(within_s):
            with suppress(ConnectionError):
                return (await reader.read()).decode()
            return ""
    finally:
        writer.close()


def request(port: int, path: str = "/healthz", *, method: str = "GET", host: str | None = None, more: str = "") -> str:
    """A request as a monitor sends it."""
    return f"{method} {path} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{port}'}\r\n{more}\r\n"


async def idle(stack: AsyncExitStack, port: int, count: int) -> list[asyncio.StreamReader]:
    """Open this many connections that have sent half a header each."""
    readers = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(writer.close)
        writer.write(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        readers.append(reader)
    return readers


async def test_one_request_per_connection() -> None:
    """Also with HEAD, without its body; then the connection is closed, so that none stays idle."""
    async with served() as port:
        answer = await said(port, request(port) + request(port))
        assert answer.startswith("HTTP/1.1 200 OK\r\n")
        assert answer.count("HTTP/1.1") == 1
        assert "Connection: close" in answer
        head = await said(port, request(port, "/metrics", method="HEAD"))
        assert head.startswith("HTTP/1.1 200 OK\r\n")
        assert head.endswith("\r\n\r\n")


async def test_other_methods_and_paths_are_refused() -> None:
    """One sentence each; the body is not awaited."""
    async with served() as port:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            more = "Content-Length: 1000000\r\n"
            assert (await said(port, request(port, method=method, more=more))).startswith("HTTP/1.1 405 ")
        assert (await said(port, request(port, "/nothing"))).startswith("HTTP/1.1 404 ")
        assert (await said(port, "no http at all\r\n\r\n")).startswith("HTTP/1.0 400 ")


async def test_unfinished_header_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is sent slowly or not at all."""
    monkeypatch.setattr("bot.ops.http_server._REQUEST_WITHIN_S", SOON_S)
    async with served() as port, AsyncExitStack() as stack:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(writer.close)
        silent, nobody = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(nobody.close)
        async with asyncio.timeout(10 * SOON_S):
            for drop in b"GET /healthz HTTP/1.1\r\nX-Slow: " + b"a" * 1_000:
                try:
                    writer.write(bytes([drop]))
                    await writer.drain()
                except ConnectionError:
                    break
                await asyncio.sleep(SOON_S / 10)
            with suppress(ConnectionError):
                assert await reader.read() == b""
            with suppress(ConnectionError):
                assert await silent.read() == b""


async def test_flood_of_idle_connections_does_not_block_a_monitor() -> None:
    """The oldest one is closed: 64 are open, and the next request is answered."""
    async with served() as port, AsyncExitStack() as stack:
        readers = await idle(stack, port, 200)
        assert (await said(port, request(port))).startswith("HTTP/1.1 200 ")
        ended = [asyncio.create_task(reader.read()) for reader in readers]
        await asyncio.wait(ended, timeout=0.5)
        still_open = [task for task in ended if not task.done()]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        assert 0 < len(still_open) <= 64


@pytest.mark.parametrize(
    "more", ["X-Long: " + "a" * 5_000 + "\r\n", "X: y\r\n" * 4_000, "Content-Length: 9\r\n\r\n" * 2]
)
async def test_too_large_request_is_refused(more: str) -> None:
    """By one long field, or by many: it is refused or cut off, and the next one is answered."""
    async with served() as port:
        answer = await said(port, request(port, more=more) + "x" * 100_000)
        assert answer == "" or answer.count("HTTP/1") == 1
        assert (await said(port, request(port))).startswith("HTTP/1.1 200 ")


async def test_half_open_connections_do_not_delay_the_stop() -> None:
    """They are closed at once."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        async with served() as port:
            await idle(stack, port, 60)
            began_s = loop.time()
        assert loop.time() - began_s < 0.5


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{}", "localhost:{}", "LOCALHOST.:{}", "[::1]:{}", "127.0.0.1", "127.8.9.1"]
)
async def test_loopback_host_names_are_accepted(host: str) -> None:
    """With the port, or without one."""
    async with served() as port:
        assert (await said(port, request(port, host=host.format(port)))).startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "host", ["evil.example:{}", "evil.example", "127.0.0.1.nip.io:{}", "localhost:1", "10.0.0.1:{}", "[::1", "a b", "@"]
)
async def test_other_host_names_are_refused_with_a_sentence(host: str) -> None:
    """Protects against DNS rebinding from a web page."""
    async with served() as port:
        answer = await said(port, request(port, "/metrics", host=host.format(port)))
        assert answer.startswith("HTTP/1.1 421 ")
        assert "host name is not known" in answer
        assert "imagine_" not in answer


async def test_request_without_a_host_is_refused_unless_http_1_0() -> None:
    """HTTP/1.0 has no such header; two of them are refused."""
    async with served() as port:
        assert (await said(port, "GET /healthz HTTP/1.0\r\n\r\n")).startswith("HTTP/1.0 200 ")
        assert (await said(port, "GET /healthz HTTP/1.1\r\n\r\n")).partition(" ")[2][:1] == "4"
        twice = request(port, more="Host: evil.example\r\n")
        assert (await said(port, twice)).partition(" ")[2][:1] == "4"


def test_http_host_is_accepted_and_a_public_port_accepts_any_name() -> None:
    """HTTP_HOST is the address under which the port is reached; a public port has unknown names."""
    inside = KnownHosts("10.1.2.3", 9100)
    assert "10.1.2.3:9100" in inside
    assert "127.0.0.1:9100" in inside
    assert "10.1.2.4:9100" not in inside
    assert "bot.internal:9100" in KnownHosts("bot.internal", 9100)
    for everywhere in ("0.0.0.0", "::", ""):
        assert "anything.example" in KnownHosts(everywhere, 9100)


def test_port_uses_at_most_an_eighth_of_the_file_descriptors() -> None:
    """Few if the process may open few: the rest is for the bot."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        assert share_of_files(64) == 32
        resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, hard))
        assert share_of_files(64) == 64
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
