"""`/usage`: what was made in a server and what it cost, for its moderators."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
from typing import Any, Final, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.errors import Refusal
from bot.domain.job import JobState
from bot.domain.limits import MAX_TOGETHER_BYTES
from bot.domain.period import Period, PeriodName
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.catalogue import ENGLISH
from bot.localization.discord_locale import option, phrase, worded
from bot.ports.statistics import JobFilter
from bot.registry import Services
from bot.services.export import MOST_FILES, Export, Exporter
from bot.services.reports import Reports
from bot.ui.upload_limits import CERTAIN_BYTES, is_too_large
from bot.ui.usage import Screen, member_screen, overview_screen, period_text, top_screen
from bot.ui.usage_delete import ChooseToDelete, DeleteListedButton
from bot.ui.usage_pages import (
    MAX_WORDS,
    AuditButton,
    ErrorsButton,
    JobsButton,
    audit_view,
    errors_view,
    jobs_view,
)
from cogs.options import in_servers_for
from cogs.period_options import AskedPeriod, in_period

_STATES: Final = [
    app_commands.Choice(name=phrase(f"choice.state.{state.value}"), value=state.value) for state in JobState
]


class AnyChannel(app_commands.Transformer):
    """A channel or thread of any type, cached by this bot or not: only its id is needed."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """The option type that Discord shows."""
        return discord.AppCommandOptionType.channel

    async def transform(  # noqa: D102 - as inherited
        self,
        interaction: discord.Interaction[Any],  # noqa: ARG002 - discord.py passes both
        value: Any,
        /,
    ) -> app_commands.AppCommandChannel:
        return cast(app_commands.AppCommandChannel, value)


@in_servers_for(manage_messages=True)
class Usage(commands.GroupCog, name="usage", description=phrase("command.usage")):
    """A server's statistics. All answers are private, or public with `share`."""

    def __init__(self, services: Services) -> None:
        self._reports: Reports = services.reports
        self._exporter: Exporter = services.exporter
        self._authorizations = services.authorizations

    async def interaction_check(self, interaction: discord.Interaction[ImagineBot]) -> bool:  # type: ignore[override]
        """Remember whom Discord allowed to use these commands: they may page through the answers."""
        self._authorizations.take(interaction)
        return True

    @app_commands.command(description=phrase("command.usage_overview"))
    @in_period()
    async def overview(self, interaction: discord.Interaction[ImagineBot], *, asked: AskedPeriod, share: bool) -> None:
        """Show pictures, credits, members and failures of a period, with a chart."""
        await begin_answer(interaction)
        days = self._days(asked)
        found, chart = await self._reports.overview(_server(interaction), days)
        await _show(interaction, overview_screen(found, chart, days), share=share)

    @app_commands.command(description=phrase("command.usage_member"))
    @worded(member=option("usage_member"))
    @in_period()
    async def member(
        self,
        interaction: discord.Interaction[ImagineBot],
        member: discord.User,
        *,
        asked: AskedPeriod,
        share: bool,
    ) -> None:
        """Show one member's numbers, whether they are still in the server or not."""
        await begin_answer(interaction)
        days = self._days(asked)
        found = await self._reports.member(_server(interaction), member.id, days)
        await _show(interaction, member_screen(found, days, shared=share), share=share)

    @app_commands.command(description=phrase("command.usage_top"))
    @in_period()
    async def top(self, interaction: discord.Interaction[ImagineBot], *, asked: AskedPeriod, share: bool) -> None:
        """Show the members who spent most."""
        await begin_answer(interaction)
        days = self._days(asked)
        await _show(interaction, top_screen(await self._reports.top(_server(interaction), days), days), share=share)

    @app_commands.command(description=phrase("command.usage_jobs"))
    @worded(
        member=option("usage_member"),
        channel=option("usage_channel"),
        state=option("usage_state"),
        text=option("usage_text"),
    )
    @app_commands.choices(state=_STATES)
    @in_period(default=None)
    async def jobs(
        self,
        interaction: discord.Interaction[ImagineBot],
        member: discord.User | None = None,
        channel: app_commands.Transform[app_commands.AppCommandChannel, AnyChannel] | None = None,
        state: str | None = None,
        text: app_commands.Range[str, 1, MAX_WORDS] = "",
        *,
        asked: AskedPeriod,
        share: bool,
    ) -> None:
        """Show the ordered pictures, each with a link and Delete."""
        await begin_answer(interaction)
        wanted = JobFilter(
            period=self._days(asked) if asked != AskedPeriod() else None,
            user_id=member.id if member else None,
            channel_id=channel.id if channel else None,
            state=JobState(state) if state else None,
            words=" ".join(text.split()),
        )
        found = await self._reports.jobs(_server(interaction), wanted)
        await _show(interaction, Screen(jobs_view(found, wanted, None, shared=share)), share=share)

    @app_commands.command(description=phrase("command.usage_errors"))
    @in_period()
    async def errors(self, interaction: discord.Interaction[ImagineBot], *, asked: AskedPeriod, share: bool) -> None:
        """Show what failed and what the provider reported."""
        await begin_answer(interaction)
        days = self._days(asked)
        found = await self._reports.troubles(_server(interaction), days)
        await _show(interaction, Screen(errors_view(found, days, 0)), share=share)

    @app_commands.command(description=phrase("command.usage_audit"))
    @worded(share=option("share"))
    async def audit(self, interaction: discord.Interaction[ImagineBot], share: bool = False) -> None:
        """Show the audit of this server's moderators and managers."""
        await begin_answer(interaction)
        await _show(interaction, Screen(audit_view(await self._reports.audit(_server(interaction)))), share=share)

    @app_commands.command(description=phrase("command.usage_export"))
    @in_period()
    async def export(self, interaction: discord.Interaction[ImagineBot], *, asked: AskedPeriod, share: bool) -> None:
        """Export all pictures of a period as tables for a spreadsheet."""
        await begin_answer(interaction)
        days = self._days(asked)
        reported = min(interaction.filesize_limit, MAX_TOGETHER_BYTES)
        for limit_bytes in (reported, min(reported, CERTAIN_BYTES)):
            try:
                await self._export(interaction, days, limit_bytes, share=share)
            except discord.HTTPException as error:
                if not is_too_large(error):
                    raise
            else:
                return
        raise Refusal("export_too_large", files=MOST_FILES)

    async def _export(
        self, interaction: discord.Interaction[ImagineBot], days: Period, limit_bytes: int, *, share: bool
    ) -> None:
        made = self._exporter.export(_server(interaction), days, actor_id=interaction.user.id, limit_bytes=limit_bytes)
        async with made as export:
            first, *others = export.files
            told = _told(export, days)
            if share:
                await edit_answer(interaction, content=ENGLISH("console.posted"))
                await interaction.followup.send(told, file=discord.File(first))
            else:
                await edit_answer(interaction, content=told, attachments=[discord.File(first)])
            for file in others:
                await interaction.followup.send(file=discord.File(file), ephemeral=not share)

    def _days(self, asked: AskedPeriod) -> Period:
        return self._reports.period(PeriodName(asked.name or PeriodName.ALL.value), asked.first_day, asked.last_day)


def _server(interaction: discord.Interaction[ImagineBot]) -> int:
    """The server id; Discord offers these commands nowhere else."""
    if interaction.guild_id is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild_id


def _told(export: Export, days: Period) -> str:
    files = len(export.files)
    key = "console.exported" if files == 1 else "console.exported_parts"
    return ENGLISH(key, count=export.jobs, period=period_text(days), files=files)


async def _show(interaction: discord.Interaction[ImagineBot], shown: Screen, *, share: bool) -> None:
    """Show a screen to the asking member, or to everyone."""
    nobody = discord.AllowedMentions.none()
    if not share:
        await edit_answer(interaction, view=shown.view, attachments=shown.files(), allowed_mentions=nobody)
        return
    # The first follow-up would replace the deferred answer, which is private, so that is edited first.
    await edit_answer(interaction, content=ENGLISH("console.posted"))
    await interaction.followup.send(view=shown.view, files=shown.files(), allowed_mentions=nobody)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs, and the buttons of its lists."""
    bot.add_dynamic_items(JobsButton, ErrorsButton, AuditButton, ChooseToDelete, DeleteListedButton)
    await bot.add_cog(Usage(bot.services))
