"""Shared by the picture commands: choices of their options, autocompletes, and where commands are offered."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import discord
from discord import app_commands

from bot.client import ImagineBot
from bot.domain.errors import Refusal, StoreError
from bot.domain.picture import DEFAULT_RESOLUTION, DEFAULT_SIZE, MAX_COUNT, SIZES, Resolution, pixel_size
from bot.localization.discord_locale import option, phrase
from bot.ui.job_button import preset_editor_of
from bot.ui.styles import proposals

log = logging.getLogger(__name__)

T = TypeVar("T")

_PROPOSED_BY_S: Final = 2.0
_SHAPES = {"1:1": "square", "9:16": "phone", "16:9": "widescreen", "21:9": "cinema", "8:1": "banner", "1:8": "column"}
SIZE_CHOICES = [
    app_commands.Choice(name=phrase(f"choice.size.{_SHAPES.get(size, 'plain')}", size=size), value=size)
    for size in SIZES
]
RESOLUTION_CHOICES = [
    app_commands.Choice(
        name=phrase("choice.resolution", resolution=r.value, pixels=pixel_size(DEFAULT_SIZE, r)[0]), value=r.value
    )
    for r in Resolution
]
PICTURE_OPTIONS = {
    "size": option("size", default=DEFAULT_SIZE),
    "resolution": option("resolution", default=DEFAULT_RESOLUTION.value),
    "style": option("style"),
    "google_search": option("google_search"),
    "google_image_search": option("google_image_search"),
    "private": option("private"),
    "spoiler": option("spoiler"),
    "count": option("count", most=MAX_COUNT),
}
"""The options that `/imagine` and `/remix` share."""


async def quickly(offers: Coroutine[Any, Any, list[T]]) -> list[T]:
    """Proposals for an autocomplete; none if reading them fails or would delay the answer."""
    try:
        async with asyncio.timeout(_PROPOSED_BY_S):
            return await offers
    except Refusal:
        return []
    except (StoreError, TimeoutError) as error:
        log.warning("no_proposals", extra={"error": str(error)})
        return []


async def style_proposals(interaction: discord.Interaction[ImagineBot], current: str) -> list[app_commands.Choice[str]]:
    """The styles that match what is typed."""
    presets = interaction.client.services.presets
    return proposals(await quickly(presets.offers(current, preset_editor_of(interaction))))


def in_servers_for(**permissions: bool) -> Callable[[T], T]:
    """Offer a command, group or menu in servers only, by default to members with these permissions.

    Every context is set: for one that is not, the tree's default would apply, as it does with `guild_only`.
    """

    def limited(command: T) -> T:
        place = app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
        installs = app_commands.allowed_installs(guilds=True, users=False)
        return app_commands.default_permissions(**permissions)(installs(place(command)))

    return limited
