"""Points 5, 6 and 8: one member, the provider or a client of the HTTP port blocks the bot.

These scenarios find what stops the bot or delays its answers; `python -m benchmarks attack` measures the cost.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from sandbox.apimaster import Fault
from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target
from sandbox.driver import DriverError

_EIGHT: Final = "{a,b}{c,d}{e,f}"
_EXPANDING: Final = ("\ufdfa" * 3_970, "\u0344" * 3_970, "e" + "\u0316\u0301" * 1_984, "\u1f82" * 3_970)
_AT_ONCE: Final = 10
_CONNECTIONS: Final = 300
_FILES: Final = 400
_NOTICEABLE_S: Final = 0.3
_NOISE: Final = 3.0
_LATE_S: Final = 1.0
_MOST_GROWTH_MB: Final = 200.0
_TOO_MUCH_GROWTH_MB: Final = 500.0
_PAUSE_S: Final = 0.1
_MB: Final = 1_000_000


async def _waits_s(target: Target, seconds: float) -> list[float]:
    """Seconds that another member waits for each of several small commands; infinite if no answer comes."""
    waits: list[float] = []
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        sent = await target.driver.slash("bob", "queue", {}, channel="art")
        try:
            waits.append(await sent.acknowledged())
        except DriverError:
            waits.append(float("inf"))
        await asyncio.sleep(_PAUSE_S)
    return waits


@asynccontextmanager
async def _others_are_answered(target: Target, report: Report, *, seconds: float) -> AsyncIterator[None]:
    """Compare another member's waits during the attack with those before it."""
    usual_s = max(await _waits_s(target, 2.0))
    others = asyncio.create_task(_waits_s(target, seconds), name="others")
    try:
        yield
        longest_s = max(await others)
    finally:
        others.cancel()
        await asyncio.gather(others, return_exceptions=True)
    if longest_s > _LATE_S:
        report.hole(f"another member waits {longest_s:.1f} s for an answer; {usual_s * 1e3:.0f} ms before the attack")
    elif longest_s > _NOTICEABLE_S + _NOISE * usual_s:
        report.weak(f"another member waits {longest_s * 1e3:.0f} ms; {usual_s * 1e3:.0f} ms before the attack")


async def expanding_text(target: Target, report: Report) -> None:
    """Order eight prompts at once, ten times, that expand when normalized, in a server with a word rule."""
    guild = int(target.world.guild.id)
    target.write("INSERT INTO word_rules (guild_id, regex, pattern, place) VALUES (?, 0, 'hush', 'everywhere')", guild)
    async with _others_are_answered(target, report, seconds=4.0):
        sent = []
        for number in range(_AT_ONCE):
            report.attempt()
            prompt = _EXPANDING[number % len(_EXPANDING)] + _EIGHT
            sent.append(await target.driver.slash("alice", "imagine", {"prompt": prompt}))
        for interaction in sent:
            if await target.answer(interaction) is None:
                report.weak("an attacking command got no answer")


async def provider_answers(target: Target, report: Report) -> None:
    """Answer polls with tens of megabytes of JSON."""
    shapes = {
        "3 million objects": b'{"data": [' + b"{}," * (3 * _MB) + b"{}]}",
        "20 MB of brackets": b"[" * (20 * _MB),
        "20 MB of numbers": b"[" + b"1," * (10 * _MB) + b"1]",
        "20 MB in one number": b'{"data": ' + b"9" * (20 * _MB) + b"}",
    }
    for name, body in shapes.items():
        report.attempt()
        before_mb = target.memory_mb("VmRSS")
        async with _others_are_answered(target, report, seconds=3.0):
            target.apimaster.script_poll(Fault.reply(body))
            await target.imagine(f"despite {name}")
        await target.picture(f"despite {name}")
        grown_mb = target.memory_mb() - before_mb
        if grown_mb > _TOO_MUCH_GROWTH_MB:
            report.hole(f"{name}: memory grows by {grown_mb:.0f} MB")
        elif grown_mb > _MOST_GROWTH_MB:
            report.weak(f"{name}: memory grows by {grown_mb:.0f} MB")


async def slow_connections(target: Target, report: Report) -> None:
    """Hold connections to the HTTP port that never finish a header, while members order and a monitor polls."""
    resource.prlimit(target.bot.pid or 0, resource.RLIMIT_NOFILE, (_FILES, _FILES))
    async with _held_open(target.port), _others_are_answered(target, report, seconds=3.0):
        report.attempts += _CONNECTIONS
        await target.imagine("despite the connections")
        try:
            await target.picture("despite the connections")
        except DriverError:
            report.hole("no picture is delivered")
        if not await _healthz(target.port):
            report.hole("a monitor gets no answer")


async def foreign_host(target: Target, report: Report) -> None:
    """Request the HTTP port with a foreign Host header, as a web page could by DNS rebinding."""
    async with aiohttp.ClientSession() as session:
        for path in ("/metrics", "/healthz"):
            for host in ("attacker.example", f"attacker.example:{target.port}", "localhost.attacker.example", ""):
                report.attempt()
                try:
                    async with session.get(f"http://127.0.0.1:{target.port}{path}", headers={"Host": host}) as response:
                        if response.status < 400:
                            report.hole(f"{path} is answered for the host {host!r}")
                except aiohttp.ClientError:
                    pass  # refused without an answer


@asynccontextmanager
async def _held_open(port: int) -> AsyncIterator[None]:
    async def hold() -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
                    while not writer.transport.is_closing():
                        await writer.drain()
                        await asyncio.sleep(1)
                        writer.write(b"a")
                finally:
                    writer.close()
            await asyncio.sleep(1)

    tasks = [asyncio.create_task(hold()) for _ in range(_CONNECTIONS)]
    try:
        await asyncio.sleep(1)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _healthz(port: int) -> bool:
    """Whether a monitor that retries a few times gets an answer."""
    timeout = aiohttp.ClientTimeout(total=3)
    for _ in range(3):
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"http://127.0.0.1:{port}/healthz") as answer,
            ):
                return answer.status in (200, 503)
    return False


SCENARIOS: Final = (
    Scenario(
        name="expanding text", point=5, about="prompts that grow, against a word rule", run=expanding_text, short=False
    ),
    Scenario(
        name="large answers", point=6, about="tens of megabytes of JSON in polls", run=provider_answers, short=False
    ),
    Scenario(name="slow connections", point=8, about="300 unfinished headers", run=slow_connections, short=False),
    Scenario(name="foreign host names", point=8, about="DNS rebinding", run=foreign_host),
)
