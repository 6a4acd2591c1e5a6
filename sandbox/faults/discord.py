"""Faults of Discord: its REST API, its stored state, and its gateway."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

from sandbox.discord.faults import CUT
from sandbox.discord.gateway_faults import Ready
from sandbox.discord.malformed import MALFORMED
from sandbox.discord.permissions import Permission
from sandbox.faults.fault import NamedFault, Place, Strike
from sandbox.stack import Sandbox

CALLS = (
    "PATCH /webhooks/*",
    "PATCH /webhooks/*",
    "POST /interactions/*",
    "POST /channels/*/messages",
    "PATCH /channels/*",
    "DELETE /*",
)
_CALLBACK, _EDITS, _POSTS = "POST /interactions/*", "PATCH /*", "POST /channels/*/messages"
_FILE = "GET /*attachments/*"
_FATAL_CLOSES = (4004, 4010, 4011, 4012, 4013, 4014)
_CLOSES = (1000, 1001, 1011, *(code for code in range(4000, 4010) if code not in _FATAL_CLOSES))
_SPELL_S = (0.3, 1.5)
_TOO_LARGE = 413
_TOO_LATE_S = 3.2
_LOCKED = ("general", "art")
_REFUSALS = (
    ("10062", "Unknown interaction", 404, 10062, _CALLBACK, True),
    ("40005", "Request entity too large", 413, 40005, _EDITS, False),
    ("40005-post", "Request entity too large, for a new message", 413, 40005, _POSTS, False),
    ("10008", "Unknown message", 404, 10008, _EDITS, True),
    ("10015", "Unknown webhook", 404, 10015, "PATCH /webhooks/*", True),
    ("50027", "Invalid webhook token", 401, 50027, "PATCH /webhooks/*", True),
    ("50001", "Missing access", 403, 50001, "P* /channels/*", True),
    ("50013", "Missing permissions", 403, 50013, "P* /channels/*", True),
    ("50007", "Cannot send messages to this user", 403, 50007, _POSTS, True),
)


def troubles() -> Iterator[NamedFault]:
    """All faults of Discord."""
    yield from _outages()
    yield from _files()
    for code, words, status, number, route, lie in _REFUSALS:
        yield NamedFault(
            name=f"discord/{code}",
            place=Place.DISCORD,
            label=f"{status} {number}: {words}",
            strike=_failing(status, number, route),
            lie=lie,
        )
    yield from _changes()
    yield from _gateway()


def _outages() -> Iterator[NamedFault]:
    for status in (500, 502, 503):
        yield _call(f"{status}", f"{status}", _failing(status))
        yield _call(f"{status}-after", f"{status} after the call took effect", _failing(status, after=True))
    yield _call("cut", "connection cut", _failing(CUT))
    yield _call("cut-after", "connection cut after the call took effect", _failing(CUT, after=True))
    yield _call("429", "429 of Discord's own", lambda box, rng: box.faults.limit_next(rng.choice(CALLS), 0.3))
    yield _call(
        "429-global",
        "429 for all of the bot's calls",
        lambda box, rng: box.faults.limit_next(rng.choice(CALLS), 0.3, scope="global", everywhere=True),
    )
    yield _call(
        "429-cloudflare",
        "429 of Cloudflare: HTML, no Via",
        lambda box, rng: box.faults.block_next(rng.choice(CALLS)),
    )
    yield _call(
        "429-proxy",
        "429 of another proxy: HTML with Via",
        lambda box, rng: box.faults.block_next(rng.choice(CALLS), via="1.1 proxy"),
    )
    yield _call("502-cloudflare", "502 in HTML", lambda box, rng: box.faults.block_next(rng.choice(CALLS), 502))
    yield _call(
        "late",
        "10062, since a first answer takes more than 3 s",
        lambda box, _: box.faults.delay(_CALLBACK, _TOO_LATE_S, times=1),
    )
    yield _call(
        "slow", "answered late", lambda box, rng: box.faults.delay(rng.choice(CALLS), rng.uniform(0.05, 1.0), times=1)
    )


def _files() -> Iterator[NamedFault]:
    """Faults of the file server from which references are downloaded."""
    for name, label, status, after in (
        ("500", "500", 500, False),
        ("429", "429", 429, False),
        ("404", "404: expired", 404, False),
        ("cut", "connection cut", CUT, False),
        ("half", "cut off in the middle of the file", CUT, True),
    ):
        strike = _failing(status, route=_FILE, after=after)
        yield NamedFault(name=f"file/{name}", place=Place.FILE, label=label, strike=strike)
    yield NamedFault(
        name="file/slow",
        place=Place.FILE,
        label="answered late",
        strike=lambda box, rng: box.faults.delay(_FILE, rng.uniform(0.1, 2.0), times=1),
    )


def _call(name: str, label: str, strike: Strike) -> NamedFault:
    return NamedFault(name=f"discord/{name}", place=Place.DISCORD, label=label, strike=strike)


def _failing(status: int, code: int = 0, route: str = "", *, after: bool = False) -> Strike:
    with_files = status == _TOO_LARGE
    return lambda box, rng: box.faults.fail_next(
        route or rng.choice(CALLS), status, code, after=after, with_files=with_files
    )


def _changes() -> Iterator[NamedFault]:
    yield NamedFault(
        name="state/tokens",
        place=Place.STATE,
        label="all interaction tokens expire",
        strike=lambda box, _: box.faults.expire_all_tokens(),
    )
    yield NamedFault(
        name="state/locked-out", place=Place.STATE, label="the bot may not see a channel for a while", strike=_lock_out
    )
    yield NamedFault(
        name="state/token-reset",
        place=Place.STATE,
        label="401: the bot's token is reset for a moment",
        strike=_reset_token,
        fatal=True,
    )


async def _lock_out(box: Sandbox, rng: random.Random) -> None:
    channel = rng.choice(_LOCKED)
    box.faults.revoke_permission(channel, Permission.VIEW_CHANNEL)
    try:
        await asyncio.sleep(rng.uniform(*_SPELL_S))
    finally:
        box.faults.restore_permissions(channel)


async def _reset_token(box: Sandbox, rng: random.Random) -> None:
    try:
        await box.faults.revoke_token()
        await asyncio.sleep(rng.uniform(*_SPELL_S))
    finally:
        box.faults.restore_token()


def _gateway() -> Iterator[NamedFault]:
    for code in _CLOSES:
        yield _at_gateway(f"{code}", f"closed with {code}", _closing(code, refuse_resume=False))
        yield _at_gateway(f"{code}-new", f"closed with {code}, resume refused", _closing(code, refuse_resume=True))
    for code in _FATAL_CLOSES:
        yield _at_gateway(f"{code}", f"closed with {code}, for good", _closing(code, refuse_resume=False), fatal=True)
    yield _at_gateway("reconnect", "op 7: asked to reconnect", lambda box, _: box.faults.ask_reconnect())
    for name, resumable in (("invalid", False), ("invalid-resumable", True)):
        yield _at_gateway(name, f"op 9: session not valid, resumable: {resumable}", _invalidating(resumable=resumable))
    yield _at_gateway("silence", "silent for a while: no events, no ACK", _silence)
    yield _at_gateway("twice", "the next three events come twice", _repeat)
    yield _at_gateway("no-guilds", "reconnected, READY names no servers", _logging_in(Ready.NO_GUILDS))
    yield _at_gateway(
        "ready-unreadable", "reconnected, READY without its list of servers", _logging_in(Ready.UNREADABLE), fatal=True
    )
    for name in MALFORMED:
        yield _at_gateway(f"malformed/{name.replace(' ', '-')}", f"malformed: {name}", _injecting(name))


def _at_gateway(name: str, label: str, strike: Strike, *, fatal: bool = False) -> NamedFault:
    return NamedFault(name=f"gateway/{name}", place=Place.GATEWAY, label=label, strike=strike, fatal=fatal)


def _closing(code: int, *, refuse_resume: bool) -> Strike:
    async def strike(box: Sandbox, _: random.Random) -> None:
        box.faults.refuse_resume = refuse_resume
        await box.faults.drop_gateway(code)

    return strike


def _invalidating(*, resumable: bool) -> Strike:
    return lambda box, _: box.faults.invalidate_session(resumable=resumable)


def _injecting(name: str) -> Strike:
    return lambda box, _: box.faults.inject(MALFORMED[name](box.world))


def _repeat(box: Sandbox, _: random.Random) -> None:
    box.faults.gateway.repeat_next = 3


async def _silence(box: Sandbox, rng: random.Random) -> None:
    box.faults.gateway.fall_silent()
    try:
        await asyncio.sleep(rng.uniform(*_SPELL_S))
    finally:
        box.faults.gateway.speak()


def _logging_in(ready: Ready) -> Callable[[Sandbox, random.Random], Awaitable[None]]:
    async def strike(box: Sandbox, rng: random.Random) -> None:
        box.faults.gateway.ready = ready
        box.faults.refuse_resume = True
        try:
            await box.faults.drop_gateway(4000)
            await asyncio.sleep(rng.uniform(*_SPELL_S))
        finally:
            box.faults.gateway.ready = Ready.WHOLE

    return strike
