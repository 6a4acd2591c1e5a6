"""`/privacy`: export and deletion of a member's stored data."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.discord_locale import phrase, words_of
from bot.registry import Services
from bot.ui.privacy import PRIVACY_BUTTONS, erase_question, send_copy


class Privacy(commands.GroupCog, name="privacy", description=phrase("command.privacy")):
    """For all members, about their own data; all answers are private."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=phrase("command.privacy_export"))
    async def export(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Get everything that is kept about you, as a file."""
        await begin_answer(interaction)
        await send_copy(interaction, self._services.privacy)

    @app_commands.command(description=phrase("command.privacy_delete"))
    async def delete(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Delete everything stored that the member wrote or made; asks first."""
        await begin_answer(interaction)
        tally = await self._services.privacy.tally(interaction.user.id)
        view = erase_question(interaction.user.id, tally, words_of(interaction))
        await edit_answer(interaction, view=view)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs, and the button of its question."""
    bot.add_dynamic_items(*PRIVACY_BUTTONS)
    await bot.add_cog(Privacy(bot.services))
