"""Forms opened by buttons. All their data is in their custom ids and fields, so that they work after a restart."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import discord
from cachetools import FIFOCache
from discord import ui

from bot.domain.errors import Refusal
from bot.domain.permutation import as_typed
from bot.domain.picture import MAX_PROMPT_CHARACTERS, SIZES, PictureSpec, Resolution
from bot.domain.policy import checked_spec
from bot.interactions.received_data import form_parts
from bot.localization.catalogue import ENGLISH, Words
from bot.ui.form_binding import answer_form
from bot.ui.job_button import order, services_of, shown_address
from bot.ui.modal_fields import Fields, select
from bot.ui.modal_ids import OF_JOB, custom_id_of
from bot.ui.remix_modal import STYLES, Offer, add_parts, filled

_REMEMBERED: Final = 10_000


class Forms:
    """Answers sent forms. A form that its member sends twice is ordered once.

    The record is kept for each member, so that another one who sends the same custom id blocks nothing.
    """

    def __init__(self) -> None:
        self._sent: FIFOCache[tuple[str, int], None] = FIFOCache(_REMEMBERED)

    async def answer(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a form if it is one of these; errors go to the same handler as a command's."""
        await answer_form(interaction, OF_JOB, lambda match: self._once(interaction, match["kind"], int(match["job"])))

    async def _once(self, interaction: discord.Interaction[Any], kind: str, job_id: int) -> None:
        sent = (custom_id_of(interaction), interaction.user.id)
        if sent in self._sent:
            raise Refusal("sent_already")
        self._sent[sent] = None
        try:
            await (_edited if kind == "edit" else _remixed)(interaction, job_id)
        finally:
            # A form stays open if it got no answer: then it may be sent again.
            if not interaction.response.is_done():
                self._sent.pop(sent, None)


def edit_form(job_id: int, opened_by: int, spec: PictureSpec, words: Words) -> ui.Modal:
    """The form with the prompt and settings of a picture."""
    form = ui.Modal(title=words("form.edit_title", number=job_id), custom_id=f"edit:{job_id}:{opened_by}")
    prompt: ui.TextInput[ui.Modal] = ui.TextInput(
        style=discord.TextStyle.paragraph,
        custom_id="prompt",
        default=as_typed(spec.prompt),
        min_length=1,
        max_length=MAX_PROMPT_CHARACTERS,
    )
    form.add_item(ui.Label(text=words("form.prompt"), component=prompt))
    form.add_item(ui.Label(text=words("form.size"), component=select("size", SIZES, spec.size)))
    resolutions = tuple(resolution.value for resolution in Resolution)
    chosen = select("resolution", resolutions, spec.resolution.value)
    form.add_item(ui.Label(text=words("form.resolution"), component=chosen))
    # Its answer is found by its custom id, so discord.py need not keep the form in memory.
    form.stop()
    return form


def remix_form(job_id: int, opened_by: int, offer: Offer, words: Words) -> ui.Modal:
    """The form that asks for a prompt to remix a picture of this bot."""
    form = ui.Modal(title=words("form.remix_title", number=job_id), custom_id=f"remix:{job_id}:{opened_by}")
    add_parts(form, offer, words)
    form.stop()
    return form


EDIT_PARTS: Final = form_parts(edit_form(0, 0, PictureSpec(prompt="-"), ENGLISH))
"""The fields of *Edit prompt*, whatever the picture."""
REMIX_PARTS: Final = form_parts(remix_form(0, 0, Offer(price=lambda _: 0), ENGLISH), named=STYLES)
"""The fields of *Remix*, whatever the picture; the service looks styles up."""


async def _edited(interaction: discord.Interaction[Any], job_id: int) -> None:
    """Order what the form says."""
    fields = Fields.of(interaction, EDIT_PARTS)
    changed = checked_spec(
        prompt=fields.one("prompt") or "", size=fields.one("size"), resolution=fields.one("resolution")
    )
    edited = services_of(interaction).pictures.edited
    await order(interaction, job_id, partial(edited, job_id, changed))


async def _remixed(interaction: discord.Interaction[Any], job_id: int) -> None:
    """Order what the form says, from the picture that it is about and those uploaded with it."""
    said = filled(Fields.of(interaction, REMIX_PARTS), (), first_file=2)
    remixed = partial(
        services_of(interaction).pictures.remixed,
        job_id,
        said.spec,
        more=said.references,
        count=said.count,
        style=said.style,
        shown_at=shown_address(interaction.message, job_id),
    )
    await order(interaction, job_id, remixed, private=said.private)
