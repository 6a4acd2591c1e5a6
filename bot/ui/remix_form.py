"""The form that turns posted pictures into a request: prompt, size, resolution, which pictures, and more files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import ui

from bot.domain.credits import credits_text
from bot.domain.job import NewReference
from bot.domain.picture import (
    DEFAULT_RESOLUTION,
    DEFAULT_SIZE,
    MAX_PROMPT_CHARACTERS,
    MAX_REFERENCES,
    SIZES,
    Resolution,
)
from bot.domain.policy import check_reference
from bot.ui.errors import answer_error
from bot.ui.posted import PostedPicture

FORM_ID: Final = "remix-form:"
"""How the custom ids of these forms begin."""
_TAKEN: Final = "remix_form_taken"
_OPEN_S: Final = 3_600.0
_MOST_FILES: Final = 10
_MOST_OPTIONS: Final = 25
_MOST_LABEL: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a member sent: text as typed, and the pictures in their order."""

    prompt: str
    size: str
    resolution: str
    references: tuple[NewReference, ...]


Submit = Callable[[discord.Interaction[Any], Filled], Awaitable[None]]


class RemixForm(ui.Modal):
    """Asks what to make of pictures. `submit` gets it filled in; what it raises is told privately."""

    def __init__(
        self,
        title: str,
        pictures: Sequence[PostedPicture],
        *,
        interaction_id: int,
        price: Callable[[Resolution], int],
        submit: Submit,
    ) -> None:
        super().__init__(title=title, timeout=_OPEN_S, custom_id=f"{FORM_ID}{interaction_id}")
        self._pictures = pictures
        self._submit = submit
        self._prompt: ui.TextInput[RemixForm] = ui.TextInput(
            custom_id="prompt",
            style=discord.TextStyle.paragraph,
            max_length=MAX_PROMPT_CHARACTERS,
            placeholder="What to make of it",
        )
        self._size: ui.Select[RemixForm] = ui.Select(custom_id="size", options=_sizes())
        self._resolution: ui.Select[RemixForm] = ui.Select(custom_id="resolution", options=_resolutions(price))
        self._files: ui.FileUpload[RemixForm] = ui.FileUpload(
            custom_id="files", required=False, min_values=0, max_values=_MOST_FILES
        )
        self._chosen = _choice_of(pictures) if len(pictures) > 1 else None
        self.add_item(
            ui.Label(text="Prompt", description='Name pictures as "image 1", "image 2" …', component=self._prompt)
        )
        if self._chosen is not None:
            self.add_item(ui.Label(text="Pictures of the message", component=self._chosen))
        self.add_item(ui.Label(text="More pictures", description="PNG, JPEG, WebP or GIF", component=self._files))
        self.add_item(ui.Label(text="Size", component=self._size))
        self.add_item(ui.Label(text="Resolution", component=self._resolution))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Take the form once. Sent twice at the same moment it comes here twice, later it is not found any more."""
        if self.is_finished():
            return
        interaction.extras[_TAKEN] = True
        self.stop()
        await self._submit(interaction, self._filled())

    async def on_error(  # type: ignore[override]  # discord.py narrows it for modals itself
        self, interaction: discord.Interaction[Any], error: Exception
    ) -> None:
        """Tell a refusal or a failure by the one handler."""
        await answer_error(interaction, error)

    def _filled(self) -> Filled:
        chosen = (
            self._pictures
            if self._chosen is None
            else [self._pictures[int(v)] for v in sorted(self._chosen.values, key=int)]
        )
        references = [NewReference(url=picture.url, name=picture.name) for picture in chosen]
        # discord.py lists files as Discord resolved them; their ids grow in the order of the uploads.
        for number, file in enumerate(sorted(self._files.values, key=lambda file: file.id), start=len(references) + 1):
            check_reference(number, name=file.filename, size_bytes=file.size, content_type=file.content_type)
            references.append(NewReference(url=file.url, name=file.filename))
        return Filled(
            prompt=self._prompt.value,
            size=self._size.values[0],
            resolution=self._resolution.values[0],
            references=tuple(references),
        )


def nobody_took(interaction: discord.Interaction[Any]) -> bool:
    """Whether this is a form of before a restart, of long ago, or sent for the second time.

    discord.py starts a known form's `on_submit` before it tells listeners of the interaction.
    """
    if interaction.type is not discord.InteractionType.modal_submit or interaction.data is None:
        return False
    custom_id = str(interaction.data.get("custom_id", ""))
    return custom_id.startswith(FORM_ID) and _TAKEN not in interaction.extras


def _choice_of(pictures: Sequence[PostedPicture]) -> ui.Select[RemixForm]:
    """Which of several; as many as may be used are chosen already."""
    options = [
        discord.SelectOption(
            label=f"{number}. {picture.name}"[:_MOST_LABEL], value=str(number - 1), default=number <= MAX_REFERENCES
        )
        for number, picture in enumerate(pictures[:_MOST_OPTIONS], start=1)
    ]
    return ui.Select(custom_id="pictures", options=options, min_values=1, max_values=min(len(options), MAX_REFERENCES))


def _sizes() -> list[discord.SelectOption]:
    return [discord.SelectOption(label=size, value=size, default=size == DEFAULT_SIZE) for size in SIZES]


def _resolutions(price: Callable[[Resolution], int]) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=r.value, value=r.value, description=credits_text(price(r)), default=r is DEFAULT_RESOLUTION
        )
        for r in Resolution
    ]
