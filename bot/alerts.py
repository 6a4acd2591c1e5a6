"""Direct messages to the people who run the bot: the application's owner, or its team."""

from __future__ import annotations

import logging

import aiohttp
import discord

from bot.delivery import direct_channel
from bot.ui.catalogue import ENGLISH

log = logging.getLogger(__name__)


class DirectAlerts:
    """Implements OwnerAlerts with a logged-in client."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def tell(self, key: str, **values: object) -> None:
        """See OwnerAlerts. Discord does not tell a bot its owners' language."""
        text = ENGLISH(f"alert.{key}", **values)
        for user_id in self._owners():
            try:
                channel = await direct_channel(self._client, user_id)
                await channel.send(text)
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                log.warning("owner_not_told", extra={"owner_id": user_id, "error": str(error)})

    def _owners(self) -> list[int]:
        application = self._client.application
        if application is None:
            return []
        if application.team is not None:
            return [member.id for member in application.team.members] or [application.owner.id]
        return [application.owner.id]
