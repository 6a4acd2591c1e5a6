"""The select under several pictures: which one the buttons act on, answered privately with that one's buttons."""

from __future__ import annotations

import re
from typing import Any, Self, cast

import discord
from discord import ui

from bot.domain.job import Job, RequestView
from bot.ui.catalogue import Words
from bot.ui.errors import answer_error
from bot.ui.phrases import words_of
from bot.ui.picture_buttons import picture_rows
from bot.ui.pressing import desk_of, shown_address
from bot.ui.text import alt_text


class ChoosePicture(ui.DynamicItem[ui.Select[Any]], template=r"choose:(?P<request>[0-9]{1,18})"):
    """Lists the pictures of a message; what a member chooses is asked of that member alone."""

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
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: ui.Item[Any],  # noqa: ARG003 - discord.py passes all three
        match: re.Match[str],
        /,
    ) -> Self:
        """Rebuild the select from a choice on any message, however old."""
        return cls(int(match["request"]), words_of(interaction))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a choice privately with the picture's own buttons."""
        try:
            await interaction.response.defer(ephemeral=True, thinking=True)
            chosen = cast(dict[str, Any], interaction.data).get("values", [])
            view, job = await desk_of(interaction).pictures.look(int(chosen[0]))
            shown_at = shown_address(interaction.message, job.id)
            layout = _buttons_of(view, job, words_of(interaction), shown_at)
            await interaction.edit_original_response(view=layout)
        except Exception as error:  # noqa: BLE001 - discord.py would only log what a dynamic item raises
            await answer_error(interaction, error)


def _buttons_of(view: RequestView, job: Job, words: Words, shown_at: str | None) -> ui.LayoutView:
    """The picture and its buttons. Those that order something from it find it here once our copy is gone."""
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
    layout = ui.LayoutView(timeout=None)
    layout.add_item(container)
    # Every button is dynamic, found by its custom id: discord.py need not keep the view in memory.
    layout.stop()
    return layout
