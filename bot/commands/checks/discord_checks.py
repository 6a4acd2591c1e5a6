"""Checks of Discord: the token, permissions in each server, commands, gateway, and clock difference."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
import discord
from yarl import URL

from bot.clock import Clock
from bot.commands.backup import counted
from bot.commands.checks.findings import Finding, fail, ok, warn

_TIMEOUT_S: Final = 10.0
_MOST_SERVERS: Final = 200
_MOST_DRIFT_S: Final = 5.0
_FEW_SESSIONS: Final = 20
_UNAUTHORISED: Final = 401
_NEEDED: Final = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
}
_HELLO: Final = 10
_AGAIN: Final = "Check DISCORD_API_URL and the network, or try again later."


class _Silent(Exception):  # noqa: N818 - not an error of the bot: it becomes a finding
    """Discord did not answer, or not as documented; the text says how."""


class DiscordSide:
    """Makes a few REST calls with the bot's token, never opening a gateway session."""

    def __init__(self, api_url: str, token: str, clock: Clock) -> None:
        self._api_url = api_url
        self._token = token
        self._clock = clock
        self._date = ""

    async def findings(self) -> AsyncIterator[Finding]:
        """All findings; stops after the first call that Discord does not answer."""
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        headers = {"Authorization": f"Bot {self._token}"}
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                user = await self._get(session, "/users/@me", headers)
                if user is None:
                    yield fail(
                        "token",
                        "Discord does not accept DISCORD_TOKEN",
                        "Reset it on the Bot page of your application and copy it again.",
                    )
                else:
                    yield ok("token", f"Discord knows the bot as {user['username']}")
                    async for finding in self._about_the_application(session, headers):
                        yield finding
                yield self._drift()
            except _Silent as error:
                yield fail("discord", str(error), _AGAIN)
            except (KeyError, TypeError, ValueError, AttributeError):
                yield fail("discord", f"{self._api_url} does not answer as Discord does", _AGAIN)

    async def _about_the_application(
        self, session: aiohttp.ClientSession, headers: dict[str, str]
    ) -> AsyncIterator[Finding]:
        application = await self._get(session, "/applications/@me", headers)
        yield ok("application", f"{application['name']} ({application['id']})")
        yield _commands(await self._get(session, f"/applications/{application['id']}/commands", headers))
        for finding in _servers(await self._get(session, f"/users/@me/guilds?limit={_MOST_SERVERS}", headers)):
            yield finding
        gateway = await self._get(session, "/gateway/bot", headers)
        for finding in _sessions(gateway):
            yield finding
        yield await _gateway(session, gateway["url"])

    async def _get(self, session: aiohttp.ClientSession, path: str, headers: dict[str, str]) -> Any:
        """The answer's JSON; None if the token is refused. Raises _Silent if there is no answer."""
        try:
            async with session.get(
                URL(self._api_url + path, encoded=True), headers=headers, allow_redirects=False
            ) as response:
                self._date = response.headers.get("Date", "")
                if response.status == _UNAUTHORISED:
                    return None
                if not response.ok:
                    raise _Silent(f"Discord answers {path.partition('?')[0]} with HTTP {response.status}")
                return await response.json(content_type=None)
        except TimeoutError:
            raise _Silent(f"{self._api_url} did not answer within {_TIMEOUT_S:g} s") from None
        except aiohttp.ClientConnectorError as error:
            reason = error.os_error.strerror or str(error.os_error)
            raise _Silent(f"DISCORD_API_URL {self._api_url!r} cannot be reached: {reason}") from None
        except (aiohttp.ClientError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise _Silent(f"{self._api_url} does not answer as Discord does ({type(error).__name__})") from None

    def _drift(self) -> Finding:
        """The difference between this machine's clock and Discord's, which has a resolution of one second."""
        try:
            theirs = parsedate_to_datetime(self._date).astimezone(UTC)
        except (TypeError, ValueError):
            return ok("clock", "Discord does not tell the time")
        drift_s = (self._clock.now() - theirs.replace(microsecond=500_000)).total_seconds()
        if abs(drift_s) <= _MOST_DRIFT_S:
            return ok("clock", "agrees with Discord's")
        way = "ahead of" if drift_s > 0 else "behind"
        return warn("clock", f"{abs(drift_s):.0f} s {way} Discord's", "Let the machine set its clock (NTP).")


def _commands(registered: list[dict[str, Any]]) -> Finding:
    names = {command["name"] for command in registered}
    if "imagine" in names:
        return ok("commands", f"{len(names)} are registered")
    return warn("commands", "`/imagine` is not registered", "Start the bot: it registers its commands.")


def _servers(guilds: list[dict[str, Any]]) -> Iterator[Finding]:
    """A finding for each server in which the bot lacks a permission; channel overwrites are not checked."""
    lacking = 0
    for guild in guilds:
        granted = discord.Permissions(int(guild["permissions"]))
        missing = [words for name, words in _NEEDED.items() if not getattr(granted, name)]
        if missing and not granted.administrator:
            lacking += 1
            advice = "Let somebody who manages its roles grant that to the bot."
            yield warn("permissions", f"{guild['name']} ({guild['id']}) lacks {', '.join(missing)}", advice)
    more = " (the first of them)" if len(guilds) == _MOST_SERVERS else ""
    if not lacking:
        yield ok("permissions", f"all that is needed in {counted(len(guilds), 'server')}{more}, as far as roles say")


def _sessions(gateway: dict[str, Any]) -> Iterator[Finding]:
    limit = gateway["session_start_limit"]
    if limit["remaining"] < _FEW_SESSIONS:
        left = f"only {limit['remaining']} new gateway sessions are left for {limit['reset_after'] / 3_600_000:.0f} h"
        yield warn("gateway", left, "Find out in the log why the bot starts so often.")


async def _gateway(session: aiohttp.ClientSession, url: str) -> Finding:
    """Whether the gateway sends HELLO; doesn't identify, so that no session of the bot is used up or replaced."""
    try:
        async with session.ws_connect(URL(url).update_query(v=10, encoding="json")) as socket:
            greeting = await socket.receive_json(timeout=_TIMEOUT_S)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, TypeError) as error:
        what = f"the gateway {url} cannot be reached ({type(error).__name__})"
        return fail("gateway", what, "Let this machine open WebSockets to Discord (port 443).")
    if isinstance(greeting, dict) and greeting.get("op") == _HELLO:
        return ok("gateway", "greets")
    return fail("gateway", f"the gateway {url} does not greet as Discord's does", _AGAIN)
