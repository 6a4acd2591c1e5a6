"""`/help`: an overview on one screen."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.picture import Resolution
from bot.interactions.responses import sent_surely
from bot.localization.discord_locale import phrase, words_of
from bot.registry import Services
from bot.ui.help import CommandLine, guide_view

Registered = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu


class Help(commands.Cog):
    """The overview of commands, prices and limits."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=phrase("command.help"))
    async def help(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """See what this bot does, what a picture costs here, and its limits."""
        words = words_of(interaction)
        registered = interaction.client.tree.get_commands()
        lines = [
            CommandLine(words(c.extras["phrase"]))
            if isinstance(c, app_commands.ContextMenu)
            else CommandLine(c.name, words(f"command.{c.name}"))
            for c in registered
            if _is_for(interaction, c)
        ]
        prices = {resolution: self._services.intake.price(resolution) for resolution in Resolution}
        view = guide_view(lines, prices, self._services.limits, words)
        await sent_surely(lambda: interaction.response.send_message(view=view, ephemeral=True))


def _is_for(interaction: discord.Interaction[ImagineBot], command: Registered) -> bool:
    """Whether to list a command here: moderators' commands would only fill the screen of other members."""
    if (
        interaction.guild_id is None
        and command.allowed_contexts is not None
        and not command.allowed_contexts.dm_channel
    ):
        return False
    needed = command.default_permissions
    return needed is None or needed <= interaction.permissions


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Help(bot.services))
