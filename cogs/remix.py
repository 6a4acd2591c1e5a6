"""`/remix`: a new picture from a prompt and up to 14 reference pictures."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.job import NewReference
from bot.domain.picture import MAX_COUNT, MAX_PROMPT_CHARACTERS, MAX_REFERENCES
from bot.domain.policy import check_reference, checked_spec
from bot.localization.discord_locale import option, phrase, worded
from bot.registry import Services
from bot.ui.job_button import order_of
from cogs.options import PICTURE_OPTIONS, RESOLUTION_CHOICES, SIZE_CHOICES, style_proposals

Prompt = app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS]
Image = discord.Attachment
_MORE_IMAGES = {f"image{number}": option("image", number=number) for number in range(2, MAX_REFERENCES + 1)}


class Remix(commands.Cog):
    """Pictures from a prompt and reference pictures."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=phrase("command.remix"))
    @worded(prompt=option("remix_prompt"), image1=option("image1"), **_MORE_IMAGES, **PICTURE_OPTIONS)
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
        references = tuple(NewReference(url=image.url, name=image.filename) for image in images)
        order = order_of(
            interaction, spec, style=style, private=private, count=count, references=references, kind="remix"
        )
        await self._services.acknowledger.receive(interaction, order)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Remix(bot.services))
