"""Answers an interaction that discord.py can't build, if its raw payload has an id and a token."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import discord
from discord.http import Route

from bot.interactions.dedupe import SeenInteractions
from bot.localization.catalogue import words_for
from bot.tasks import TaskGroup

log = logging.getLogger(__name__)

_SNOWFLAKE: Final = re.compile(r"[0-9]{1,20}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9._:-]{1,1000}")
_ANSWERED: Final = frozenset({2, 3, 5})
"""Commands, components and modals; an autocomplete cannot be answered with a message."""
_MESSAGE: Final = 4
_EPHEMERAL: Final = 1 << 6


class UnreadableInteractions:
    """Sends one private sentence for each; a failure is logged, since nothing was ordered."""

    def __init__(self, client: discord.Client, seen: SeenInteractions) -> None:
        self._client = client
        self._seen = seen
        self._tasks = TaskGroup()

    def answer(self, payload: object) -> None:
        """Answer a raw INTERACTION_CREATE payload in the background, once; ignores one without an id or a token."""
        if not isinstance(payload, Mapping):
            return
        kind, interaction_id, token = payload.get("type"), payload.get("id"), payload.get("token")
        if not isinstance(kind, int) or kind not in _ANSWERED:
            return
        if not (isinstance(interaction_id, str) and _SNOWFLAKE.fullmatch(interaction_id)):
            return
        if not (isinstance(token, str) and _TOKEN.fullmatch(token)):
            return
        if self._seen.first_time(int(interaction_id)):
            locale = payload.get("locale")
            sentence = words_for(locale if isinstance(locale, str) else "")("refusal.command_unreadable")
            self._tasks.start(self._send(interaction_id, token, sentence), name=f"unreadable-{interaction_id}")

    async def close(self) -> None:
        """Cancel answers that are not sent yet."""
        await self._tasks.close()

    async def _send(self, interaction_id: str, token: str, sentence: str) -> None:
        # With the id as a route parameter each interaction has its own rate-limit bucket.
        route = Route(
            "POST",
            "/interactions/{interaction_id}/{interaction_token}/callback",
            interaction_id=interaction_id,
            interaction_token=token,
        )
        data: dict[str, Any] = {"content": sentence, "flags": _EPHEMERAL, "allowed_mentions": {"parse": []}}
        try:
            await self._client.http.request(route, json={"type": _MESSAGE, "data": data})
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("unreadable_interaction_not_answered", extra={"error": type(error).__name__})
