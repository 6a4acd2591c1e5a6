"""`/imagine`: one new picture from a prompt."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.picture import MAX_COUNT, MAX_PROMPT_CHARACTERS
from bot.domain.policy import checked_spec
from bot.localization.discord_locale import option, phrase, worded
from bot.registry import Services
from bot.ui.job_button import order_of
from cogs.options import PICTURE_OPTIONS, RESOLUTION_CHOICES, SIZE_CHOICES, style_proposals


class Imagine(commands.Cog):
    """Pictures from a prompt alone."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=phrase("command.imagine"))
    @worded(prompt=option("prompt"), **PICTURE_OPTIONS)
    @app_commands.choices(size=SIZE_CHOICES, resolution=RESOLUTION_CHOICES)
    @app_commands.autocomplete(style=style_proposals)
    async def imagine(
        self,
        interaction: discord.Interaction[ImagineBot],
        prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS],
        size: str | None = None,
        resolution: str | None = None,
        style: str | None = None,
        google_search: bool = False,
        google_image_search: bool = False,
        private: bool = False,
        spoiler: bool = False,
        count: app_commands.Range[int, 1, MAX_COUNT] = 1,
    ) -> None:
        """Make a picture from a description."""
        spec = checked_spec(
            prompt=prompt,
            size=size,
            resolution=resolution,
            google_search=google_search,
            google_image_search=google_image_search,
            spoiler=spoiler,
        )
        order = order_of(interaction, spec, style=style, private=private, count=count)
        await self._services.acknowledger.receive(interaction, order)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Imagine(bot.services))
