"""The confirmation of an order with several prompts: the prompts, the price, and two buttons."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from os.path import commonprefix
from typing import Any, ClassVar, Final, Self

import discord
from discord import ui

from bot.domain.draft import AsksFirst, Draft
from bot.domain.word_matching import cut
from bot.interactions.permissions import check_place
from bot.interactions.responses import edit_answer, note_press, sent_surely, tell
from bot.localization.catalogue import Words
from bot.localization.discord_locale import words_of
from bot.localization.escape import escaped
from bot.ui.access import Audience
from bot.ui.dynamic_items import DynamicPart, message_of
from bot.ui.job_button import lease_of, origin_of, said, services_of

_MOST_CHARACTERS: Final = 1_800
"""The limit for all prompts together; escaping their markup may double the length."""
_BEFORE: Final = 30
"""How many characters of a common beginning of long prompts are shown before they differ."""


class DraftButton(DynamicPart[ui.Button[Any]], template=r"never"):
    """A button of a confirmation. Its custom id holds only the draft's number, so that it works after a restart."""

    audience = Audience.REQUESTER

    action: ClassVar[str]
    style: ClassVar[discord.ButtonStyle]

    def __init__(self, draft_id: int, label: str) -> None:
        super().__init__(ui.Button(label=label, style=self.style, custom_id=f"{self.action}:{draft_id}"))
        self.draft_id = draft_id

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """Rebuild the button from a press; its label is on its message."""
        return cls(int(match["draft"]), cls.action)

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge, act, and replace the question by the result; errors go to the common error handler."""
        await note_press(interaction)
        answer = await self.answered(interaction)
        await edit_answer(interaction, view=said(answer))

    @abstractmethod
    async def answered(self, interaction: discord.Interaction[Any]) -> str:
        """Do what the button says and return a sentence about the result; raises BotError."""


class MakeAllButton(DraftButton, template=r"make_all:(?P<draft>[0-9]{1,18})"):
    """Orders every prompt of a draft."""

    action = "make_all"
    style = discord.ButtonStyle.primary

    async def answered(self, interaction: discord.Interaction[Any]) -> str:
        """Order all prompts; each one's card follows as a message of its own."""
        intake = services_of(interaction).intake
        draft = await intake.draft(self.draft_id, interaction.user.id)
        check_place(interaction, private=draft.private)
        await intake.make(
            self.draft_id,
            origin_of(interaction),
            lease=lease_of(interaction),
            upload_limit_bytes=interaction.filesize_limit,
        )
        words = words_of(interaction)
        price = words.credits(draft.total_microcredits)
        return words("answer.prompts_made", prompts=len(draft.prompts), price=price)


class MakeNoneButton(DraftButton, template=r"make_none:(?P<draft>[0-9]{1,18})"):
    """Orders nothing."""

    action = "make_none"
    style = discord.ButtonStyle.secondary

    async def answered(self, interaction: discord.Interaction[Any]) -> str:
        """Delete the draft."""
        await services_of(interaction).intake.drop_draft(self.draft_id, interaction.user.id)
        return words_of(interaction)("answer.prompts_dropped")


DRAFT_BUTTONS: Final = (MakeAllButton, MakeNoneButton)


async def ask_first(interaction: discord.Interaction[Any], asked: AsksFirst) -> None:
    """Send the question to the member privately, as the answer to the order."""
    view = question(asked.draft_id, asked.draft, words_of(interaction))
    if interaction.response.is_done():
        await tell(interaction, view=view)
    else:
        await sent_surely(lambda: interaction.response.send_message(view=view, ephemeral=True))


def question(draft_id: int, draft: Draft, words: Words) -> ui.LayoutView:
    """The prompts to be ordered and their total price."""
    price = words.credits(draft.total_microcredits)
    heading = words("question.prompts", prompts=len(draft.prompts), count=draft.count, price=price)
    lines = [f"{number}. {prompt}" for number, prompt in enumerate(_shortened(draft.prompts), start=1)]
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    row.add_item(MakeAllButton(draft_id, words("button.make_all", pictures=draft.pictures, price=price)))
    row.add_item(MakeNoneButton(draft_id, words("button.make_none")))
    return message_of(ui.Container(ui.TextDisplay(heading), ui.TextDisplay("\n".join(lines)), row))


def _shortened(prompts: Sequence[str]) -> Iterator[str]:
    """The prompts, each on one line; long ones are cut so that their differences are visible."""
    lines = [" ".join(prompt.split()) for prompt in prompts]
    room = _MOST_CHARACTERS // len(lines)
    start = 0 if max(map(len, lines)) <= room else max(0, len(commonprefix(lines)) - _BEFORE)  # noqa: RUF071 - no paths
    for line in lines:
        shown = line[start:] if not start else f"…{line[start:]}"
        yield escaped(cut(shown, room))
