"""Alerts the bot's owners by direct message, and servers by a line in their log channels."""

from __future__ import annotations

import logging

import aiohttp
import discord

from bot.localization.catalogue import ENGLISH
from bot.messages.fallback_chain import direct_channel
from bot.notifications.owners import Owners
from bot.ports.outputs import ServerLog
from bot.ui.job_button import said
from bot.ui.owner import ResumeButton

log = logging.getLogger(__name__)


class DirectAlerts:
    """Implements OwnerAlerts with a logged-in client."""

    def __init__(self, client: discord.Client, owners: Owners, servers: ServerLog) -> None:
        self._client = client
        self._owners = owners
        self._servers = servers

    async def tell(self, key: str, *, resumable: bool = False, **values: object) -> None:
        """See OwnerAlerts. In English: Discord does not tell a bot its owners' language."""
        if ENGLISH.has(f"log.{key}"):
            self._servers.tell_everywhere(ENGLISH(f"log.{key}", **values))
        if not ENGLISH.has(f"alert.{key}"):
            return
        text = ENGLISH(f"alert.{key}", **values)
        for user_id in self._owners.ids():
            await self._tell(user_id, said(text, *([ResumeButton()] if resumable else [])))

    async def _tell(self, user_id: int, view: discord.ui.LayoutView) -> None:
        try:
            channel = await direct_channel(self._client, user_id)
            await channel.send(view=view)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.warning("owner_not_told", extra={"owner_id": user_id, "error": str(error)})
