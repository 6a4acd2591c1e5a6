"""Forms. Their answers are read from what Discord sends, not from memory, so that a restart loses none."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import discord
from discord import ui

from bot.domain.errors import Refusal
from bot.domain.picture import MAX_PROMPT_CHARACTERS, SIZES, PictureSpec, Resolution
from bot.domain.policy import checked_spec
from bot.ui.errors import answer_error
from bot.ui.pressing import desk_of, order

_EDIT: Final = re.compile(r"edit:(?P<job>[0-9]{1,18}):(?P<opened_by>[0-9]{1,20})")
_REMEMBERED: Final = 10_000


class Forms:
    """Answers forms that were sent. One that was sent twice is ordered once."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, None] = OrderedDict()

    async def answer(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a form, if it is one of ours; a failure reaches the same handler as a command's."""
        custom_id = str(cast(Mapping[str, Any], interaction.data or {}).get("custom_id", ""))
        match = _EDIT.fullmatch(custom_id)
        if match is None:
            return
        try:
            await self._once(custom_id, interaction, int(match["job"]))
        except Exception as error:  # noqa: BLE001 - discord.py would only log what an event handler raises
            await answer_error(interaction, error)

    async def _once(self, custom_id: str, interaction: discord.Interaction[Any], job_id: int) -> None:
        if custom_id in self._sent:
            raise Refusal("sent_already", "This form was sent already; its picture is on its way.")
        self._sent[custom_id] = None
        while len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)
        try:
            await _edited(interaction, job_id)
        finally:
            # A form stays open where its member was told of no success: then it may be sent again.
            if not interaction.response.is_done():
                self._sent.pop(custom_id, None)


def edit_form(job_id: int, opened_by: int, spec: PictureSpec) -> ui.Modal:
    """The form of a prompt and its settings, filled in with those of a picture."""
    form = ui.Modal(title=f"Edit prompt of no. {job_id}", custom_id=f"edit:{job_id}:{opened_by}")
    prompt: ui.TextInput[ui.Modal] = ui.TextInput(
        style=discord.TextStyle.paragraph,
        custom_id="prompt",
        default=spec.prompt,
        min_length=1,
        max_length=MAX_PROMPT_CHARACTERS,
    )
    form.add_item(ui.Label(text="Prompt", component=prompt))
    form.add_item(ui.Label(text="Size", component=_select("size", SIZES, spec.size)))
    resolutions = tuple(resolution.value for resolution in Resolution)
    form.add_item(ui.Label(text="Resolution", component=_select("resolution", resolutions, spec.resolution.value)))
    # Its answer is found by its custom id: discord.py need not keep the form in memory.
    form.stop()
    return form


def fields_of(interaction: discord.Interaction[Any]) -> dict[str, str]:
    """What a member filled in, by field; of a select the first choice."""
    data = cast(Mapping[str, Any], interaction.data or {})
    return dict(_fields(data.get("components", [])))


def _fields(components: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for part in components:
        if "component" in part:
            yield from _fields([part["component"]])
        yield from _fields(part.get("components", []))
        if "custom_id" in part:
            values = part.get("values") or [part.get("value") or ""]
            yield str(part["custom_id"]), str(values[0])


def _select(custom_id: str, values: tuple[str, ...], chosen: str) -> ui.Select[ui.Modal]:
    options = [discord.SelectOption(label=value, value=value, default=value == chosen) for value in values]
    return ui.Select(custom_id=custom_id, options=options)


async def _edited(interaction: discord.Interaction[Any], job_id: int) -> None:
    """Order what the form says."""
    fields = fields_of(interaction)
    changed = checked_spec(
        prompt=fields.get("prompt", ""), size=fields.get("size"), resolution=fields.get("resolution")
    )
    edited = desk_of(interaction).pictures.edited
    await order(interaction, job_id, lambda ask, not_before: edited(job_id, changed, ask, not_before=not_before))
