"""`/settings`: a server's settings on one screen, and its word rules."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
import asyncio
import io
import logging
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ImagineBot
from bot.domain.errors import StoreError
from bot.domain.picture import MAX_PROMPT_CHARACTERS
from bot.domain.rules import MAX_PATTERN_CHARACTERS, Where, WordRule
from bot.interactions.responses import begin_answer, edit_answer, note_press
from bot.localization.catalogue import ENGLISH
from bot.localization.discord_locale import option, phrase, worded
from bot.registry import Services
from bot.ui.form_binding import answer_form
from bot.ui.modal_fields import Fields
from bot.ui.settings_screen import SETTING_ITEMS, manager_of, show_screen
from bot.ui.word_rules import (
    TRIED_ON,
    WORDS_FORM,
    WORDS_PARTS,
    described,
    dry_run,
    fitting,
    rule_list,
    rule_of,
    rule_proposals,
)
from cogs.options import in_servers_for

log = logging.getLogger(__name__)

_PROPOSED_BY_S: Final = 2.0
_SILENT: Final = discord.AllowedMentions.none()
WHERE_CHOICES = [app_commands.Choice(name=phrase(f"choice.where.{w.value}"), value=w.value) for w in Where]
Pattern = app_commands.Range[str, 1, MAX_PATTERN_CHARACTERS]
Text = app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS]


@in_servers_for(manage_guild=True)
class Settings(commands.GroupCog, name="settings", description=phrase("command.settings")):
    """For members with Manage Server; all answers are private."""

    words = app_commands.Group(name="words", description=phrase("command.settings_words"))

    def __init__(self, bot: ImagineBot, services: Services) -> None:
        self._services = services
        bot.add_dynamic_items(*SETTING_ITEMS)

    @app_commands.command(description=phrase("command.settings_show"))
    async def show(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Show the server's current settings, to be changed there."""
        await begin_answer(interaction)
        manager_of(interaction)
        await show_screen(interaction)

    @words.command(name="add", description=phrase("command.settings_words_add"))
    @worded(pattern=option("rule_pattern"), regex=option("rule_regex"), where=option("rule_where"))
    @app_commands.choices(where=WHERE_CHOICES)
    async def add(
        self,
        interaction: discord.Interaction[ImagineBot],
        pattern: Pattern,
        regex: bool = False,
        where: str = Where.EVERYWHERE.value,
    ) -> None:
        """Add a word rule."""
        await begin_answer(interaction)
        guild_id, actor_id = manager_of(interaction)
        rule = WordRule(pattern=pattern, regex=regex, where=Where(where))
        added = await self._services.guild_rules.add_words(guild_id, actor_id, rule)
        await self._answer(interaction, ENGLISH("words.added", rule=described(added)))

    @words.command(name="remove", description=phrase("command.settings_words_remove"))
    @worded(rule=option("rule_gone"))
    async def remove(self, interaction: discord.Interaction[ImagineBot], rule: app_commands.Range[int, 1]) -> None:
        """Remove a word rule."""
        await begin_answer(interaction)
        guild_id, actor_id = manager_of(interaction)
        removed = await self._services.guild_rules.remove_words(guild_id, actor_id, rule)
        await self._answer(interaction, ENGLISH("words.removed", rule=described(removed)))

    @remove.autocomplete("rule")
    async def _rules(
        self, interaction: discord.Interaction[ImagineBot], current: int | str
    ) -> list[app_commands.Choice[int]]:
        try:
            async with asyncio.timeout(_PROPOSED_BY_S):
                rules = await self._services.guild_rules.of(interaction.guild_id or 0)
        except (StoreError, TimeoutError) as error:
            log.warning("no_proposals", extra={"error": str(error)})
            return []
        return rule_proposals(rules.words, str(current))

    @words.command(name="list", description=phrase("command.settings_words_list"))
    async def all_rules(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Show all word rules."""
        await begin_answer(interaction)
        guild_id, _ = manager_of(interaction)
        await self._answer(interaction, rule_list((await self._services.guild_rules.of(guild_id)).words))

    @words.command(name="test", description=phrase("command.settings_words_test"))
    @worded(text=option("rule_text"), pattern=option("rule_tried"), regex=option("rule_regex"))
    async def try_out(
        self,
        interaction: discord.Interaction[ImagineBot],
        text: Text = "",
        pattern: Pattern | None = None,
        regex: bool = False,
    ) -> None:
        """Show what the rules, or a rule that is not stored, would refuse; changes nothing."""
        await begin_answer(interaction)
        guild_id, actor_id = manager_of(interaction)
        guild_rules = self._services.guild_rules
        rules = (await guild_rules.of(guild_id)).words
        if pattern is not None:
            rules = (await guild_rules.checked_rule(guild_id, actor_id, WordRule(pattern=pattern, regex=regex)),)
        refused = await guild_rules.tried(guild_id, actor_id, rules, most=TRIED_ON)
        matching = await guild_rules.matching(guild_id, actor_id, rules, text) if text else []
        await self._answer(interaction, dry_run(text, matching, refused, looked_at=TRIED_ON))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Answer the form of a word rule, even if it was opened before a restart."""
        await answer_form(interaction, WORDS_FORM, lambda _: self._add_rule(interaction))

    async def _add_rule(self, interaction: discord.Interaction[ImagineBot]) -> None:
        guild_id, actor_id = manager_of(interaction)
        rule = rule_of(Fields.of(interaction, WORDS_PARTS))
        await note_press(interaction)
        await self._services.guild_rules.add_words(guild_id, actor_id, rule)
        await show_screen(interaction)

    @staticmethod
    async def _answer(interaction: discord.Interaction[ImagineBot], told: str) -> None:
        shown, whole = fitting(told)
        files = [discord.File(io.BytesIO(whole), "rules.txt")] if whole else []
        await edit_answer(interaction, content=shown, attachments=files, allowed_mentions=_SILENT)


async def setup(bot: ImagineBot) -> None:
    """Add the cog with the services it needs."""
    await bot.add_cog(Settings(bot, bot.services))
