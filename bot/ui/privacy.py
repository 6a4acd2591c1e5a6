"""Sends members a copy of their stored data, and asks before all of it is deleted."""

from __future__ import annotations

import re
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.errors import Refusal
from bot.domain.limits import FOLLOW_UPS_ELSEWHERE, MAX_TOGETHER_BYTES
from bot.domain.privacy import DataCounts
from bot.interactions.permissions import bot_present
from bot.interactions.responses import edit_answer, note_press
from bot.localization.catalogue import ENGLISH, Words
from bot.localization.discord_locale import words_of
from bot.services.privacy import Privacy
from bot.ui.access import Audience
from bot.ui.dynamic_items import DynamicPart, message_of
from bot.ui.job_button import said
from bot.ui.upload_limits import CERTAIN_BYTES, is_too_large

_MOST_FILES: Final = 25
"""So many files can be sent well before the command's token expires."""


class Desk(Protocol):
    """The services that the button uses."""

    @property
    def privacy(self) -> Privacy:
        """Members' stored data."""
        ...


class EraseButton(DynamicPart[ui.Button[Any]], template=r"erase:(?P<member>[0-9]{1,20})"):
    """Deletes all data of the member who was asked."""

    audience = Audience.REQUESTER

    def __init__(self, member_id: int, words: Words) -> None:
        label = words("button.erase")
        super().__init__(ui.Button(label=label, style=discord.ButtonStyle.danger, custom_id=f"erase:{member_id}"))
        self.member_id = member_id

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """Rebuild the button from a press."""
        return cls(int(match["member"]), ENGLISH)

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Delete, and replace the question by the result."""
        await note_press(interaction)
        await self._erase(interaction)
        await edit_answer(interaction, view=said(words_of(interaction)("answer.erased")))

    async def _erase(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.user.id != self.member_id:
            raise Refusal("not_your_question")
        await cast(Desk, interaction.client.services).privacy.delete(self.member_id)


PRIVACY_BUTTONS: Final = (EraseButton,)


def erase_question(member_id: int, tally: DataCounts, words: Words) -> ui.LayoutView:
    """What will be deleted, what happens to active jobs, what is kept; and the button."""
    goes = [words("privacy.requests", count=tally.requests)] if tally.requests else []
    goes += [words("privacy.styles", count=tally.styles)] if tally.styles else []
    told = [words("privacy.goes", things=tuple(goes))]
    if tally.under_way:
        told.append(words("privacy.under_way", count=tally.under_way))
    told += [words("privacy.stays"), words("privacy.messages")]
    lines = [f"### {words('privacy.title')}", *(f"- {line}" for line in told), f"-# {words('privacy.copy_first')}"]
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    row.add_item(EraseButton(member_id, words))
    return message_of(ui.Container(ui.TextDisplay("\n".join(lines)), row))


async def send_copy(interaction: discord.Interaction[Any], privacy: Privacy) -> None:
    """Answer a deferred command with all data of its member; in smaller files if Discord rejects them as too large."""
    reported = min(interaction.filesize_limit, MAX_TOGETHER_BYTES)
    try:
        await _send_files(interaction, privacy, reported)
    except discord.Forbidden:
        raise Refusal("no_files_here") from None
    except discord.HTTPException as error:
        if not is_too_large(error) or reported <= CERTAIN_BYTES:
            raise
        await _send_files(interaction, privacy, CERTAIN_BYTES)


async def _send_files(interaction: discord.Interaction[Any], privacy: Privacy, limit_bytes: int) -> None:
    words = words_of(interaction)
    most = _MOST_FILES if bot_present(interaction) else FOLLOW_UPS_ELSEWHERE
    made = privacy.exported(interaction.user.id, note=words("privacy.note"), limit_bytes=limit_bytes, most_files=most)
    async with made as files:
        first, *others = files
        told = words("privacy.copy", count=len(files))
        await edit_answer(interaction, content=told, attachments=[discord.File(first)])
        for file in others:
            await interaction.followup.send(file=discord.File(file), ephemeral=True)
