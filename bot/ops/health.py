"""Readiness checks: whether the bot can do its work right now, and if not, why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import discord

from bot.domain.errors import StoreError
from bot.domain.job import Gate

_DATABASE_ANSWERS_BY_S: Final = 2.0


class Health:
    """Checks on every call; each check is fast or times out."""

    def __init__(
        self,
        *,
        client: discord.AutoShardedClient,
        ask_database: Callable[[], Awaitable[object]],
        gate: Callable[[], Gate],
        shortage: Callable[[], str],
    ) -> None:
        self._client = client
        self._ask_database = ask_database
        self._gate = gate
        self._shortage = shortage

    async def troubles(self) -> dict[str, str]:
        """The names of the failed checks; empty if the bot is ready."""
        found = {
            "gateway": self._gateway(),
            "database": await self._database(),
            "gate": _gate(self._gate()),
            "disk": self._shortage(),
        }
        return {name: trouble for name, trouble in found.items() if trouble}

    def _gateway(self) -> str:
        if not self._client.is_ready():
            return "not connected to Discord yet"
        gone = sorted(number for number, shard in self._client.shards.items() if shard.is_closed())
        return f"not connected: shard {', '.join(map(str, gone))}" if gone else ""

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(_DATABASE_ANSWERS_BY_S):
                await self._ask_database()
        except TimeoutError:
            return f"no answer within {_DATABASE_ANSWERS_BY_S:g} s"
        except StoreError as error:
            return str(error)
        return ""


def _gate(gate: Gate) -> str:
    since = f" since {gate.shut_since:%Y-%m-%dT%H:%M:%SZ}" if gate.shut_since else ""
    return f"nothing is ordered: {gate.why}{since}" if gate.shut else ""
