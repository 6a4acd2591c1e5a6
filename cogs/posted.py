"""The menu entries of messages and members: make a picture from a posted one, or show how one was made."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
import io
from collections.abc import Sequence
from functools import partial

import discord
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.errors import BotError, Refusal
from bot.interactions.dedupe import comes_first
from bot.interactions.error_replies import answer_error
from bot.interactions.permissions import age_restricted
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.discord_locale import menu_entry, words_of
from bot.registry import Services
from bot.ui.details import details
from bot.ui.form_binding import Binding, open_form
from bot.ui.job_button import order_of, styles_within_reach, usual_here
from bot.ui.message_media import PostedPicture, avatar_of, pictures_of
from bot.ui.modal_ids import POSTED, form_id_of
from bot.ui.remix_modal import Filled, Offer, RemixForm, nobody_took


class Posted(commands.Cog):
    """What members can do with posted pictures."""

    def __init__(self, bot: ImagineBot, services: Services) -> None:
        self._tree = bot.tree
        self._services = services
        self._menus = [
            menu_entry("menu.remix_this", self.remix_this),
            menu_entry("menu.inspect_picture", self.inspect_picture),
        ]
        if services.remix_avatars:
            self._menus.append(menu_entry("menu.remix_avatar", self.remix_avatar))

    async def cog_load(self) -> None:
        """Add the menu entries: discord.py does not find them in a cog by itself."""
        for menu in self._menus:
            self._tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Remove the menu entries."""
        for menu in self._menus:
            self._tree.remove_command(menu.name, type=menu.type)

    async def remix_this(self, interaction: discord.Interaction[ImagineBot], message: discord.Message) -> None:
        """Ask what to make of a message's pictures."""
        pictures = pictures_of(message, self._services.cdn_hosts)
        if not pictures:
            raise Refusal("no_picture")
        title = words_of(interaction)("menu.remix_this")
        await self._ask(interaction, title, pictures, private=message.flags.ephemeral, about=message.id)

    async def remix_avatar(
        self, interaction: discord.Interaction[ImagineBot], user: discord.Member | discord.User
    ) -> None:
        """Ask what to make of a member's avatar."""
        words = words_of(interaction)
        await self._ask(interaction, words("menu.remix_avatar"), [avatar_of(user, words)], private=False)

    async def inspect_picture(self, interaction: discord.Interaction[ImagineBot], message: discord.Message) -> None:
        """Show privately how the picture of a message was made."""
        await begin_answer(interaction)
        asked_by = message.interaction_metadata
        view, job = await self._services.lookup.of_message(
            message.id, asked_by.id if asked_by else None, interaction.user.id
        )
        shown = details(view, job, words_of(interaction), age_restricted=age_restricted(interaction))
        files = [discord.File(io.BytesIO(shown.prompt_file), "prompt.txt")] if shown.prompt_file else []
        await edit_answer(interaction, embed=shown.embed, attachments=files)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Answer forms that are no longer open; without an answer Discord shows a general failure."""
        if not nobody_took(interaction) or not comes_first(interaction):
            return
        try:
            await self._services.intake.refuse_sent(form_id_of(interaction) or 0, interaction.user.id)
            raise Refusal("stale_form")
        except BotError as error:
            await answer_error(interaction, error)

    async def _ask(
        self,
        interaction: discord.Interaction[ImagineBot],
        title: str,
        pictures: Sequence[PostedPicture],
        *,
        private: bool,
        about: int | None = None,
    ) -> None:
        # With several pictures the form has no room for styles.
        styles = await styles_within_reach(interaction) if len(pictures) == 1 else []
        size, resolution = await usual_here(interaction)
        price = self._services.intake.price
        form = RemixForm(
            title,
            pictures,
            binding=Binding.of(interaction, f"{POSTED}{interaction.id}", about=about),
            offer=Offer(price=price, styles=styles, private=private, size=size, resolution=resolution),
            submit=partial(self._order, private=private),
            words=words_of(interaction),
        )
        # discord.py registers a form once Discord confirms it. That may get lost, or arrive after the form was sent.
        interaction._state.store_view(form)  # noqa: SLF001 - there is no public way to register it
        await open_form(interaction, form, about=about)

    async def _order(self, interaction: discord.Interaction[ImagineBot], filled: Filled, *, private: bool) -> None:
        order = order_of(
            interaction,
            filled.spec,
            style=filled.style,
            private=private or filled.private,
            count=filled.count,
            references=filled.references,
            kind="remix",
        )
        await self._services.acknowledger.receive(interaction, order)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Posted(bot, bot.services))
