"""`/quota`: what a member has left. `/quotas`: a server's limits."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.picture import MAX_COUNT
from bot.domain.quota import EVERYONE, UNLIMITED, Limit
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.catalogue import ENGLISH
from bot.localization.discord_locale import option, phrase, worded, words_of
from bot.localization.escape import mention
from bot.registry import Services
from bot.ui.access import Audience, used_by
from bot.ui.job_button import origin_of, preset_editor_of
from bot.ui.quotas import quota_view, quotas_view, role_label, role_meant
from cogs.options import RESOLUTION_CHOICES, in_servers_for, quickly

_PROPOSED: Final = ("5", "10", "25", "50", "100", "500", UNLIMITED)
_MOST_PROPOSALS: Final = 25
Amount = app_commands.Range[str, 1, 20]
RoleName = app_commands.Range[str, 1, 100]


async def _amounts(
    interaction: discord.Interaction[ImagineBot],  # noqa: ARG001 - discord.py passes both
    current: str,
) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=word, value=word) for word in _PROPOSED if word.startswith(current.lower())]


async def _limited(interaction: discord.Interaction[ImagineBot], current: str) -> list[app_commands.Choice[str]]:
    """The roles whose quota can be removed, including deleted ones."""
    names = _roles(interaction)
    found = await quickly(interaction.client.services.quotas.removable(interaction.guild_id or 0))
    offers = {role_label(quota.role_id, names): str(quota.role_id) for quota in found}
    meant = {label: value for label, value in offers.items() if current.casefold() in label.casefold()}
    return [app_commands.Choice(name=label, value=value) for label, value in meant.items()][:_MOST_PROPOSALS]


class Quota(commands.Cog):
    """What is left, for the asking member."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=phrase("command.quota"))
    async def quota(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Show what the member can still order, and when that resets."""
        await begin_answer(interaction)
        standing = await self._services.quotas.standing(origin_of(interaction))
        view = quota_view(standing, self._services.limits, words_of(interaction))
        await edit_answer(interaction, view=view)


@in_servers_for(manage_messages=True)
class Quotas(commands.GroupCog, name="quotas", description=phrase("command.quotas")):
    """A server's quotas; changing them needs Manage Server in addition to Discord's permission for the command."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @used_by(Audience.MANAGERS)
    @app_commands.command(name="set", description=phrase("command.quotas_set"))
    @worded(
        role=option("quota_role"),
        pictures_per_day=option("quota_pictures_day"),
        pictures_per_month=option("quota_pictures_month"),
        credits_per_day=option("quota_credits_day"),
        credits_per_month=option("quota_credits_month"),
        highest_resolution=option("quota_resolution"),
        grounding=option("quota_grounding"),
        count=option("quota_count"),
    )
    @app_commands.choices(highest_resolution=RESOLUTION_CHOICES)
    @app_commands.autocomplete(
        pictures_per_day=_amounts, pictures_per_month=_amounts, credits_per_day=_amounts, credits_per_month=_amounts
    )
    async def change(
        self,
        interaction: discord.Interaction[ImagineBot],
        role: discord.Role | None = None,
        pictures_per_day: Amount | None = None,
        pictures_per_month: Amount | None = None,
        credits_per_day: Amount | None = None,
        credits_per_month: Amount | None = None,
        highest_resolution: str | None = None,
        grounding: bool | None = None,
        count: app_commands.Range[int, 1, MAX_COUNT] | None = None,
    ) -> None:
        """Set some limits of everyone or of a role; its other limits are kept."""
        await begin_answer(interaction)
        given = {
            Limit.PICTURES_DAY: pictures_per_day,
            Limit.PICTURES_MONTH: pictures_per_month,
            Limit.CREDITS_DAY: credits_per_day,
            Limit.CREDITS_MONTH: credits_per_month,
            Limit.RESOLUTION: highest_resolution,
            Limit.GROUNDING: grounding,
            Limit.COUNT: count,
        }
        wishes = {limit: str(typed) for limit, typed in given.items() if typed is not None}
        whose = EVERYONE if role is None else role.id
        await self._services.quotas.change(preset_editor_of(interaction), whose, wishes)
        await self._show(interaction, ENGLISH("quotas.set"))

    @used_by(Audience.MANAGERS)
    @app_commands.command(description=phrase("command.quotas_cap"))
    @worded(credits=option("quota_cap"))
    @app_commands.autocomplete(credits=_amounts)
    async def cap(self, interaction: discord.Interaction[ImagineBot], credits: Amount) -> None:  # noqa: A002 - its name
        """Limit what all members together may spend in a month."""
        await begin_answer(interaction)
        wishes = {Limit.SERVER_CREDITS_MONTH: credits}
        await self._services.quotas.change(preset_editor_of(interaction), EVERYONE, wishes)
        await self._show(interaction, ENGLISH("quotas.set"))

    @used_by(Audience.MANAGERS)
    @app_commands.command(description=phrase("command.quotas_remove"))
    @worded(role=option("quota_gone"))
    @app_commands.autocomplete(role=_limited)
    async def remove(self, interaction: discord.Interaction[ImagineBot], role: RoleName) -> None:
        """Remove a quota; that of a deleted role can be chosen too."""
        await begin_answer(interaction)
        await self._services.quotas.remove(preset_editor_of(interaction), role_meant(role, _roles(interaction)))
        await self._show(interaction, ENGLISH("quotas.removed"))

    @app_commands.command(name="list", description=phrase("command.quotas_list"))
    async def show(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Show every quota, and the use of the server's own limit."""
        await begin_answer(interaction)
        await self._show(interaction)

    @used_by(Audience.MANAGERS)
    @app_commands.command(description=phrase("command.quotas_reset"))
    @worded(member=option("quota_member"))
    async def reset(self, interaction: discord.Interaction[ImagineBot], member: discord.User) -> None:
        """Reset a member's usage, whether they are still in the server or not."""
        await begin_answer(interaction)
        await self._services.quotas.reset(preset_editor_of(interaction), member.id)
        await self._show(interaction, ENGLISH("quotas.reset", member=mention(member.id)))

    async def _show(self, interaction: discord.Interaction[ImagineBot], done: str = "") -> None:
        quotas, standing = await self._services.quotas.of_server(interaction.guild_id or 0)
        view = quotas_view(quotas, standing, _roles(interaction), done)
        await edit_answer(interaction, view=view, allowed_mentions=discord.AllowedMentions.none())


def _roles(interaction: discord.Interaction[ImagineBot]) -> dict[int, str]:
    """The names of the server's roles."""
    return {role.id: role.name for role in interaction.guild.roles} if interaction.guild else {}


async def setup(bot: ImagineBot) -> None:
    """Add the cogs with the services they need."""
    await bot.add_cog(Quota(bot.services))
    await bot.add_cog(Quotas(bot.services))
