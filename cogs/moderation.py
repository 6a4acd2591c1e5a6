"""`/block`, `/unblock`, `/blocks`, and the menu entry "Remove picture"."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
import asyncio
from datetime import timedelta
from typing import Any, Final, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.errors import Refusal
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.catalogue import ENGLISH
from bot.localization.discord_locale import menu_entry, option, phrase, worded
from bot.localization.escape import mention
from bot.registry import Services
from bot.services.moderation import MAX_REASON_CHARACTERS, Moderator
from bot.ui.form_binding import answer_form, open_form
from bot.ui.modal_fields import Fields
from bot.ui.moderation import (
    REMOVE_FORM,
    REMOVE_PARTS,
    block_chosen,
    block_list,
    blocked_answer,
    check_blockable,
    check_moderates,
    duration_proposals,
    lasting,
    moderator_of,
    remove_form,
)
from bot.ui.notes import trouble_note
from bot.ui.text import numbers
from cogs.options import in_servers_for

_FORM_BY_S: Final = 2.0
_SILENT: Final = discord.AllowedMentions.none()


class Moderation(commands.Cog):
    """For members with Manage Messages, or those whom the server's own settings allow; all answers are private."""

    def __init__(self, bot: ImagineBot, services: Services) -> None:
        self._tree = bot.tree
        self._services = services
        entry: Any = menu_entry("menu.remove_picture", self.remove_picture)
        self._menu = cast(app_commands.ContextMenu, in_servers_for(manage_messages=True)(entry))

    async def cog_load(self) -> None:
        """Add the menu entry: discord.py does not find it in a cog by itself."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the menu entry."""
        self._tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(description=phrase("command.block"))
    @in_servers_for(manage_messages=True)
    @worded(
        member=option("block_member"),
        duration=option("block_duration"),
        reason=option("block_reason"),
        tell=option("block_tell"),
    )
    @app_commands.autocomplete(duration=duration_proposals)
    async def block(
        self,
        interaction: discord.Interaction[ImagineBot],
        member: discord.User,
        duration: app_commands.Range[str, 1, 40] | None = None,
        reason: app_commands.Range[str, 1, MAX_REASON_CHARACTERS] = "",
        tell: bool = False,
    ) -> None:
        """Block a member from making pictures here."""
        await begin_answer(interaction)
        moderator = moderator_of(interaction)
        check_blockable(member, moderator)
        block, taken_back = await self._services.moderation.block(
            moderator, member.id, lasts=lasting(duration), reason=reason, told=tell
        )
        await self._answer(interaction, blocked_answer(block, taken_back))

    @app_commands.command(description=phrase("command.unblock"))
    @in_servers_for(manage_messages=True)
    @worded(member=option("unblock_member"))
    async def unblock(self, interaction: discord.Interaction[ImagineBot], member: discord.User) -> None:
        """Unblock a member."""
        await begin_answer(interaction)
        await self._services.moderation.unblock(moderator_of(interaction), member.id)
        await self._answer(interaction, ENGLISH("moderation.unblocked", member=mention(member.id)))

    @app_commands.command(description=phrase("command.blocks"))
    @in_servers_for(manage_messages=True)
    async def blocks(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """List the blocked members."""
        await begin_answer(interaction)
        found = await self._services.moderation.blocks(moderator_of(interaction))
        await self._answer(interaction, block_list(found))

    async def remove_picture(self, interaction: discord.Interaction[ImagineBot], message: discord.Message) -> None:
        """Open a form for the reason and a block. Not deferred: Discord accepts a form as a first answer only."""
        moderator = moderator_of(interaction)
        asked_by = message.interaction_metadata
        try:
            async with asyncio.timeout(_FORM_BY_S):
                view = await self._services.moderation.removable(
                    moderator, message.id, asked_by.id if asked_by else None
                )
        except TimeoutError:
            raise Refusal("busy") from None
        self._services.authorizations.take(interaction)
        check_moderates(interaction, view, self._services.authorizations, opened_by=interaction.id)
        await open_form(interaction, remove_form(view, interaction.id), about=message.id)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Answer the form, even if it was opened before a restart."""
        await answer_form(
            interaction,
            REMOVE_FORM,
            lambda match: self._remove(interaction, int(match["request"]), int(match["opened_by"])),
        )

    async def _remove(self, interaction: discord.Interaction[ImagineBot], request_id: int, opened_by: int) -> None:
        await begin_answer(interaction)
        moderator = moderator_of(interaction)
        found = await self._services.moderation.of_server(moderator, request_id)
        check_moderates(interaction, found, self._services.authorizations, opened_by=opened_by)
        fields = Fields.of(interaction, REMOVE_PARTS)
        reason = fields.one("reason") or ""
        wanted, lasts = block_chosen(fields.one("block"))
        view = await self._services.moderation.remove(moderator, request_id, reason)
        jobs = [job for job in view.jobs if job.retried_by is None]
        lines = [ENGLISH("moderation.removed", numbers=numbers(jobs, ENGLISH))]
        if wanted:
            member_id = view.request.origin.user_id
            lines.append(await self._block_too(moderator, member_id, lasts, reason))
        await self._answer(interaction, "\n".join(lines))

    async def _block_too(self, moderator: Moderator, member_id: int, lasts: timedelta | None, reason: str) -> str:
        """Block the member of a removed picture; if that is refused, the reason is added to the answer."""
        try:
            block, taken_back = await self._services.moderation.block(moderator, member_id, lasts=lasts, reason=reason)
        except Refusal as refusal:
            return ENGLISH(f"refusal.{refusal.code}", **refusal.values)
        return blocked_answer(block, taken_back)

    async def _answer(self, interaction: discord.Interaction[ImagineBot], said: str) -> None:
        """Show what was done; once, also that the log channel cannot be written to."""
        note = trouble_note(self._services.server_log.untold_trouble(interaction.guild_id or 0))
        await edit_answer(interaction, content=f"{said}{note}", allowed_mentions=_SILENT)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Moderation(bot, bot.services))
