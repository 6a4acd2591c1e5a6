"""`/remix`: a new picture from a prompt and up to 14 reference pictures."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.job import NewReference
from bot.domain.picture import DEFAULT_RESOLUTION, DEFAULT_SIZE, MAX_COUNT, MAX_PROMPT_CHARACTERS
from bot.domain.policy import check_reference, checked_spec
from bot.services import Services
from bot.ui.pressing import keeper_of, lease_of, origin_of
from cogs.options import RESOLUTION_CHOICES, SIZE_CHOICES, style_proposals

Prompt = app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS]
Image = discord.Attachment
_MORE_IMAGES = {f"image{number}": "Another reference picture" for number in range(2, 15)}


class Remix(commands.Cog):
    """Pictures from pictures."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command()
    @app_commands.describe(
        prompt='What to make of the pictures; name them as "image 1", "image 2" …',
        image1="A reference picture: PNG, JPEG, WebP or GIF, at most 20 MB",
        size=f"Aspect ratio (default {DEFAULT_SIZE})",
        resolution=f"How large (default {DEFAULT_RESOLUTION}); 2K costs 4/3, 4K twice as much",
        style="A style to add to the prompt; /style saves them",
        google_search="Let the model look facts up with Google Search",
        google_image_search="Let it look at pictures too (needs google_search)",
        private="Show the picture to you alone",
        spoiler="Cover the picture until somebody presses it",
        count=f"How many, 1 to {MAX_COUNT}; each costs its price",
        **_MORE_IMAGES,
    )
    @app_commands.choices(size=SIZE_CHOICES, resolution=RESOLUTION_CHOICES)
    @app_commands.autocomplete(style=style_proposals)
    async def remix(
        self,
        interaction: discord.Interaction[ImagineBot],
        prompt: Prompt,
        image1: Image,
        image2: Image | None = None,
        image3: Image | None = None,
        image4: Image | None = None,
        image5: Image | None = None,
        image6: Image | None = None,
        image7: Image | None = None,
        image8: Image | None = None,
        image9: Image | None = None,
        image10: Image | None = None,
        image11: Image | None = None,
        image12: Image | None = None,
        image13: Image | None = None,
        image14: Image | None = None,
        size: str | None = None,
        resolution: str | None = None,
        style: str | None = None,
        google_search: bool = False,
        google_image_search: bool = False,
        private: bool = False,
        spoiler: bool = False,
        count: app_commands.Range[int, 1, MAX_COUNT] = 1,
    ) -> None:
        """Make a picture from other pictures and a description."""
        spec = checked_spec(
            prompt=prompt,
            size=size,
            resolution=resolution,
            google_search=google_search,
            google_image_search=google_image_search,
            spoiler=spoiler,
        )
        later = (image2, image3, image4, image5, image6, image7, image8, image9, image10, image11, image12, image13)
        images = [image for image in (image1, *later, image14) if image is not None]
        for number, image in enumerate(images, start=1):
            check_reference(number, name=image.filename, size_bytes=image.size, content_type=image.content_type)

        async def order(not_before: datetime | None) -> int:
            return await self._services.intake.remix(
                await self._services.presets.styled(spec, style, keeper_of(interaction)),
                origin_of(interaction),
                references=[NewReference(url=image.url, name=image.filename) for image in images],
                private=private,
                count=count,
                lease=lease_of(interaction),
                upload_limit_bytes=interaction.filesize_limit,
                not_before=not_before,
            )

        await self._services.reception.receive(interaction, order, private=private)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Remix(bot.services))
