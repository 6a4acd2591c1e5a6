"""The buttons under a picture: Remix, Again, Edit prompt, Bigger; Details, Delete, and Original if it was shrunk."""

from __future__ import annotations

import asyncio
import io
from functools import partial
from typing import Any, Final

import discord
from discord import ui

from bot.domain.credits import price_elsewhere
from bot.domain.errors import Refusal
from bot.domain.job import Job, RequestView
from bot.domain.picture import next_resolution
from bot.interactions.permissions import age_restricted
from bot.interactions.responses import begin_answer, edit_answer, note_press, tell
from bot.localization.catalogue import Words
from bot.localization.discord_locale import words_of
from bot.ui.access import Audience
from bot.ui.details import details
from bot.ui.form_binding import open_form
from bot.ui.job_button import (
    JobButton,
    lease_of,
    order,
    presser_of,
    said,
    services_of,
    shown_address,
    styles_within_reach,
)
from bot.ui.modals import edit_form, remix_form
from bot.ui.original_button import OriginalButton
from bot.ui.remix_modal import Offer

_FORM_BY_S: Final = 1.5


class AgainButton(JobButton, template=r"again:(?P<job>[0-9]{1,18})"):
    """Orders the same picture again, for the presser."""

    audience = Audience.EVERYONE
    action = "again"
    orders = True

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer with the card of the new request."""
        again = services_of(interaction).pictures.again
        await order(interaction, self.job_id, partial(again, self.job_id))


class BiggerButton(JobButton, template=r"bigger:(?P<job>[0-9]{1,18})"):
    """Orders the next higher resolution, for the presser."""

    audience = Audience.EVERYONE
    action = "bigger"
    orders = True

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer with the card of the new request."""
        bigger = services_of(interaction).pictures.bigger
        shown_at = shown_address(interaction.message, self.job_id)
        await order(interaction, self.job_id, partial(bigger, self.job_id, shown_at=shown_at))


class RemixButton(JobButton, template=r"remix:(?P<job>[0-9]{1,18})"):
    """Opens the form for a remix of the picture; its sender is the one who orders."""

    audience = Audience.EVERYONE
    action = "remix"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form, with the styles that can be used if they are read quickly."""
        desk = services_of(interaction)
        view = await _looked_up(interaction, self.job_id)
        offer = Offer(
            price=desk.intake.price,
            styles=await styles_within_reach(interaction),
            private=view.request.private,
            size=view.request.spec.size,
            resolution=view.request.spec.resolution,
        )
        form = remix_form(self.job_id, interaction.id, offer, words_of(interaction))
        await open_form(interaction, form)


class EditButton(JobButton, template=r"edit:(?P<job>[0-9]{1,18})"):
    """Opens a form with the prompt, to be changed and ordered by its sender."""

    audience = Audience.EVERYONE
    action = "edit"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form. It cannot be deferred: Discord accepts a form as a first answer only."""
        view = await _looked_up(interaction, self.job_id)
        form = edit_form(self.job_id, interaction.id, view.request.spec, words_of(interaction))
        await open_form(interaction, form)


class DetailsButton(JobButton, template=r"details:(?P<job>[0-9]{1,18})"):
    """Shows the presser how the picture was made."""

    audience = Audience.EVERYONE
    action = "details"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer privately with everything that is stored about the picture."""
        await begin_answer(interaction)
        view, job = await services_of(interaction).pictures.look(self.job_id, presser_of(interaction))
        told = details(view, job, words_of(interaction), age_restricted=age_restricted(interaction))
        files = [discord.File(io.BytesIO(told.prompt_file), "prompt.txt")] if told.prompt_file else []
        await edit_answer(interaction, embed=told.embed, attachments=files)


class DeleteButton(JobButton, template=r"delete:(?P<job>[0-9]{1,18})"):
    """Asks whether to delete the picture; for its requester or a moderator."""

    audience = Audience.REQUESTER_OR_MODERATOR
    action = "delete"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Ask privately. Acknowledged on the picture's own message, so that this token can delete it."""
        await note_press(interaction)
        words = words_of(interaction)
        presser = presser_of(interaction)
        together = await services_of(interaction).pictures.may_delete(self.job_id, presser, lease_of(interaction))
        question = words("question.delete", number=self.job_id, count=together)
        await tell(interaction, view=said(question, ReallyDeleteButton(self.job_id, words)))


class ReallyDeleteButton(JobButton, template=r"really_delete:(?P<job>[0-9]{1,18})"):
    """Deletes the picture; the permission is checked again."""

    audience = Audience.REQUESTER_OR_MODERATOR
    action = "really_delete"
    style = discord.ButtonStyle.danger

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Delete, and replace the question by the result."""
        await note_press(interaction)
        await services_of(interaction).pictures.delete(self.job_id, presser_of(interaction))
        await edit_answer(interaction, view=said(words_of(interaction)("answer.deleted", number=self.job_id)))


PICTURE_BUTTONS = (
    RemixButton,
    AgainButton,
    EditButton,
    BiggerButton,
    DetailsButton,
    DeleteButton,
    ReallyDeleteButton,
    OriginalButton,
)


def picture_rows(view: RequestView, job: Job, words: Words) -> list[ui.ActionRow[ui.LayoutView]]:
    """The buttons of one picture: a row of those that order a picture (Bigger only if possible), and a row of the rest.

    On phones, two short rows are better to read than one that wraps.
    """
    ordering: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    ordering.add_item(RemixButton(job.id, words))
    ordering.add_item(AgainButton(job.id, words))
    ordering.add_item(EditButton(job.id, words))
    now = view.request.spec.resolution
    larger = next_resolution(now)
    if larger is not None:
        price = words.credits(price_elsewhere(job.price_microcredits, now, larger))
        label = words("button.bigger_to", resolution=larger.value, price=price)
        ordering.add_item(BiggerButton(job.id, words, label))
    looking: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    looking.add_item(DetailsButton(job.id, words))
    looking.add_item(DeleteButton(job.id, words))
    if job.shown_as:
        looking.add_item(OriginalButton(job.id, words))
    return [ordering, looking]


async def _looked_up(interaction: discord.Interaction[Any], job_id: int) -> RequestView:
    """The rows for filling in a form; raises Refusal if reading them would delay the form."""
    try:
        async with asyncio.timeout(_FORM_BY_S):
            view, _ = await services_of(interaction).pictures.look(job_id, presser_of(interaction))
    except TimeoutError:
        raise Refusal("busy") from None
    return view
