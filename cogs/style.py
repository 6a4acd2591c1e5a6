"""`/style`: named texts that are added to prompts."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.preset import MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.discord_locale import option, phrase, worded, words_of
from bot.localization.escape import escaped
from bot.registry import Services
from bot.ui.job_button import preset_editor_of
from bot.ui.styles import proposals, style_list
from cogs.options import quickly

_SAVED = {
    (False, False): "styles.own_saved",
    (False, True): "styles.own_replaced",
    (True, False): "styles.server_saved",
    (True, True): "styles.server_replaced",
}
"""The answer, by whether the style is the server's and whether it replaced another one."""


class Style(commands.GroupCog, name="style", description=phrase("command.style")):
    """Styles of members and of the server."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=phrase("command.style_save"))
    @worded(name=option("style_name"), text=option("style_text"), server=option("style_server"))
    async def save(
        self,
        interaction: discord.Interaction[ImagineBot],
        name: app_commands.Range[str, 1, MAX_NAME_CHARACTERS],
        text: app_commands.Range[str, 1, MAX_TEXT_CHARACTERS],
        server: bool = False,
    ) -> None:
        """Save a style under a name."""
        await begin_answer(interaction)
        preset, replaced = await self._services.presets.save(name, text, preset_editor_of(interaction), server=server)
        said = words_of(interaction)(_SAVED[server, replaced], name=escaped(preset.name))
        await edit_answer(interaction, content=said)

    @app_commands.command(name="list", description=phrase("command.style_list"))
    async def show(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Show your styles and those of the server."""
        await begin_answer(interaction)
        found = style_list(await self._services.presets.of(preset_editor_of(interaction)), words_of(interaction))
        files = [discord.File(io.BytesIO(found.file), "styles.txt")] if found.file else []
        await edit_answer(interaction, embed=found.embed, attachments=files)

    @app_commands.command(description=phrase("command.style_delete"))
    @worded(name=option("gone_name"), server=option("gone_server"))
    async def delete(self, interaction: discord.Interaction[ImagineBot], name: str, server: bool = False) -> None:
        """Delete a style; pictures made with it are not affected."""
        await begin_answer(interaction)
        preset = await self._services.presets.delete(name, preset_editor_of(interaction), server=server)
        key = "styles.server_deleted" if server else "styles.own_deleted"
        said = words_of(interaction)(key, name=escaped(preset.name))
        await edit_answer(interaction, content=said)

    @delete.autocomplete("name")
    async def _names(
        self, interaction: discord.Interaction[ImagineBot], current: str
    ) -> list[app_commands.Choice[str]]:
        server = bool(getattr(interaction.namespace, "server", False))
        offers = self._services.presets.deletable(current, preset_editor_of(interaction), server=server)
        return proposals(await quickly(offers))


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Style(bot.services))
