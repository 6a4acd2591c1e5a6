"""`/imagine`: one new picture from a prompt."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.job import Origin
from bot.domain.picture import DEFAULT_RESOLUTION, DEFAULT_SIZE, MAX_PROMPT_CHARACTERS, SIZES, Resolution, pixel_size
from bot.domain.policy import checked_spec
from bot.ports import TokenLease
from bot.services import Services

_SHAPES = {"1:1": "square", "9:16": "phone", "16:9": "widescreen", "21:9": "cinema", "8:1": "banner", "1:8": "column"}
SIZE_CHOICES = [
    app_commands.Choice(name=f"{size} {_SHAPES[size]}" if size in _SHAPES else size, value=size) for size in SIZES
]
RESOLUTION_CHOICES = [
    app_commands.Choice(name=f"{r.value} ({pixel_size(DEFAULT_SIZE, r)[0]} px square)", value=r.value)
    for r in Resolution
]


class Imagine(commands.Cog):
    """Pictures from words."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command()
    @app_commands.describe(
        prompt="What the picture shows, in your own words",
        size=f"Aspect ratio (default {DEFAULT_SIZE})",
        resolution=f"How large (default {DEFAULT_RESOLUTION}); 2K costs 4/3, 4K twice as much",
        google_search="Let the model look facts up with Google Search",
        google_image_search="Let it look at pictures too (needs google_search)",
        private="Show the picture to you alone",
    )
    @app_commands.choices(size=SIZE_CHOICES, resolution=RESOLUTION_CHOICES)
    async def imagine(
        self,
        interaction: discord.Interaction[ImagineBot],
        prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS],
        size: str | None = None,
        resolution: str | None = None,
        google_search: bool = False,
        google_image_search: bool = False,
        private: bool = False,
    ) -> None:
        """Make a picture from a description."""
        spec = checked_spec(
            prompt=prompt,
            size=size,
            resolution=resolution,
            google_search=google_search,
            google_image_search=google_image_search,
        )
        order = partial(
            self._services.intake.imagine,
            spec,
            origin_of(interaction),
            private=private,
            lease=TokenLease(token=interaction.token, expires_at=interaction.expires_at),
            upload_limit_bytes=interaction.filesize_limit,
        )
        await self._services.reception.receive(
            interaction, lambda not_before: order(not_before=not_before), private=private
        )


def origin_of(interaction: discord.Interaction[ImagineBot]) -> Origin:
    """Who asked, and where."""
    return Origin(
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        locale=interaction.locale.value,
    )


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Imagine(bot.services))
