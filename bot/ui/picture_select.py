"""The select below several pictures: a choice is answered privately with the buttons of that picture."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.domain.job import Job, RequestView
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.catalogue import ENGLISH, Words
from bot.localization.discord_locale import words_of
from bot.ui.access import Audience
from bot.ui.dynamic_items import DynamicPart, chosen_number, message_of
from bot.ui.job_button import presser_of, services_of, shown_address
from bot.ui.picture_buttons import picture_rows
from bot.ui.text import alt_text


class ChoosePicture(DynamicPart[ui.Select[Any]], template=r"choose:(?P<request>[0-9]{1,18})"):
    """Lists the pictures of a message; the buttons of the chosen one are shown to the choosing member only."""

    audience = Audience.EVERYONE

    def __init__(self, request_id: int, words: Words, jobs: tuple[Job, ...] = ()) -> None:
        options = [
            discord.SelectOption(
                label=words("choose.picture", position=position),
                value=str(job.id),
                description=words("choose.number", number=job.id),
            )
            for position, job in enumerate(jobs, start=1)
        ]
        super().__init__(
            ui.Select(
                custom_id=f"choose:{request_id}",
                placeholder=words("choose.placeholder"),
                options=options or discord.utils.MISSING,
            )
        )

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """Rebuild the select from a choice on any message, however old."""
        return cls(int(match["request"]), ENGLISH)

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a choice privately with the picture's own buttons."""
        await begin_answer(interaction)
        chosen = chosen_number(self)
        view, job = await services_of(interaction).pictures.look(chosen, presser_of(interaction))
        shown_at = shown_address(interaction.message, job.id)
        layout = _buttons_of(view, job, words_of(interaction), shown_at)
        await edit_answer(interaction, view=layout)


def _buttons_of(view: RequestView, job: Job, words: Words, shown_at: str | None) -> ui.LayoutView:
    """The picture with its buttons. Those that order from it use this message once our copy is deleted."""
    position = 1 + [other.id for other in view.jobs].index(job.id)
    container: ui.Container[ui.LayoutView] = ui.Container()
    heading = words("choose.heading", position=position, all=len(view.jobs), number=job.id)
    container.add_item(ui.TextDisplay(heading))
    if shown_at is not None:
        picture: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        spec = view.request.spec
        picture.add_item(media=shown_at, description=alt_text(spec), spoiler=spec.spoiler)
        container.add_item(picture)
    for row in picture_rows(view, job, words):
        container.add_item(row)
    return message_of(container)
