"""What the picture commands have in common: their choices, and who asked where."""

import discord
from discord import app_commands

from bot.client import ImagineBot
from bot.domain.job import Origin
from bot.domain.picture import DEFAULT_SIZE, SIZES, Resolution, pixel_size
from bot.ports import TokenLease

_SHAPES = {"1:1": "square", "9:16": "phone", "16:9": "widescreen", "21:9": "cinema", "8:1": "banner", "1:8": "column"}
SIZE_CHOICES = [
    app_commands.Choice(name=f"{size} {_SHAPES[size]}" if size in _SHAPES else size, value=size) for size in SIZES
]
RESOLUTION_CHOICES = [
    app_commands.Choice(name=f"{r.value} ({pixel_size(DEFAULT_SIZE, r)[0]} px square)", value=r.value)
    for r in Resolution
]


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


def lease_of(interaction: discord.Interaction[ImagineBot]) -> TokenLease:
    """The interaction's token, and until when it is good."""
    return TokenLease(token=interaction.token, expires_at=interaction.expires_at)
