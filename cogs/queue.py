"""`/queue`, `/collect` and `/gallery`: a member's active and earlier pictures."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.job import JobState
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.discord_locale import option, phrase, worded, words_of
from bot.registry import Services
from bot.ui.lists import LIST_BUTTONS, MAX_FILTER_CHARACTERS, queue_view, show_gallery

_AT_ONCE: Final = 4
"""If only the member installed the bot, Discord allows at most five follow-ups."""


class Queue(commands.Cog):
    """Private lists of a member, and sending pictures again."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=phrase("command.queue"))
    async def queue(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Show the member's active pictures with their queue positions; waiting ones can be cancelled."""
        await begin_answer(interaction)
        views = await self._services.library.under_way(interaction.user.id)
        await edit_answer(interaction, view=queue_view(views, words_of(interaction)))

    @app_commands.command(description=phrase("command.collect"))
    @worded(number=option("number"))
    async def collect(
        self, interaction: discord.Interaction[ImagineBot], number: app_commands.Range[int, 1, 10**15] | None = None
    ) -> None:
        """Send pictures that could not be posted, or one earlier picture again."""
        await begin_answer(interaction)
        if number is None:
            await self._collect_all(interaction)
        else:
            await self._collect_one(interaction, number)

    async def _collect_all(self, interaction: discord.Interaction[ImagineBot]) -> None:
        due = await self._services.library.uncollected(interaction.user.id)
        pictures = sum(len(view.jobs) for view in due)
        words = words_of(interaction)
        said = words("answer.handing_over", count=pictures)
        if len(due) > _AT_ONCE:
            said = f"{said} {words('answer.collect_more')}"
        # The first follow-up would replace the deferred answer, so that is edited first.
        await edit_answer(interaction, content=said)
        for view in due[:_AT_ONCE]:
            await self._services.resend.give(interaction, view, private=True)

    async def _collect_one(self, interaction: discord.Interaction[ImagineBot], number: int) -> None:
        view = await self._services.library.picture(number, interaction.user.id)
        private = view.request.private or any(job.state is JobState.READY for job in view.jobs)
        await edit_answer(interaction, content=words_of(interaction)("answer.showing_again", number=number))
        await self._services.resend.give(interaction, view, private=private)

    @app_commands.command(description=phrase("command.gallery"))
    @worded(words=option("words"))
    async def gallery(
        self,
        interaction: discord.Interaction[ImagineBot],
        words: app_commands.Range[str, 1, MAX_FILTER_CHARACTERS] = "",
    ) -> None:
        """Show the member's pictures page by page."""
        await begin_answer(interaction)
        wanted = " ".join(words.split())
        await show_gallery(interaction, 0, wanted)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs, and the buttons of its lists."""
    bot.add_dynamic_items(*LIST_BUTTONS)
    await bot.add_cog(Queue(bot.services))
