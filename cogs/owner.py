"""`/owner`: the state of the installation, pausing and resuming. For the bot's owners, in any server or message."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
import math

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.catalogue import ENGLISH
from bot.localization.discord_locale import phrase
from bot.registry import Services
from bot.ui.job_button import said
from bot.ui.owner import resumed, standing_view


# Discord has no permission for a bot's owners: this command is hidden from all but a server's administrators, and each
# use is checked here.
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(administrator=True)
class Owner(commands.GroupCog, name="owner", description=phrase("command.owner")):
    """Affects all servers; all answers are private."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=phrase("command.owner_status"))
    async def status(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Show the gate, the queue, the balance, the shards, the database and the versions."""
        await self._admit(interaction)
        standing = await self._services.controls.standing()
        view = standing_view(standing, _shards(interaction.client))
        await edit_answer(interaction, view=view)

    @app_commands.command(description=phrase("command.owner_pause"))
    async def pause(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Submit nothing more until resumed; pictures in progress are finished."""
        await self._admit(interaction)
        paused = await self._services.controls.pause()
        answer = ENGLISH("owner.pausing") if paused else ENGLISH("owner.paused_already")
        await edit_answer(interaction, view=said(answer))

    @app_commands.command(description=phrase("command.owner_resume"))
    async def resume(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Resume, and probe at once what the provider refused."""
        await self._admit(interaction)
        await edit_answer(interaction, view=said(await resumed(self._services.controls)))

    async def _admit(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Acknowledge an owner; raises Refusal for other users."""
        self._services.owners.check(interaction.user.id)
        await begin_answer(interaction)


def _shards(client: ImagineBot) -> dict[int, float | None]:
    """Each shard's latency in seconds; None if it is not connected, or has had no heartbeat answer yet."""
    return {
        number: None if shard.is_closed() or not math.isfinite(shard.latency) else shard.latency
        for number, shard in client.shards.items()
    }


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Owner(bot.services))
