"""The form that makes a request from posted pictures. It offers the options of /remix that fit a form's five parts.

These are the prompt, more pictures, size, resolution with the number of pictures, and a select of further options. For
a message with several pictures, a select of the pictures replaces the further options.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import ui

from bot.domain.errors import Refusal
from bot.domain.job import NewReference
from bot.domain.picture import (
    DEFAULT_RESOLUTION,
    DEFAULT_SIZE,
    MAX_COUNT,
    MAX_PROMPT_CHARACTERS,
    MAX_REFERENCES,
    SIZES,
    PictureSpec,
    Resolution,
)
from bot.domain.policy import checked_spec
from bot.domain.preset import MAX_NAME_CHARACTERS, Preset
from bot.interactions.dedupe import comes_first
from bot.interactions.error_replies import answer_error
from bot.interactions.received_data import form_parts
from bot.localization.catalogue import Words
from bot.ui.form_binding import Binding
from bot.ui.message_media import PostedPicture
from bot.ui.modal_fields import Fields, select
from bot.ui.modal_ids import POSTED, custom_id_of

_TAKEN: Final = "remix_form_taken"
_OPEN_S: Final = 3_600.0
_MOST_FILES: Final = 10
_MOST_OPTIONS: Final = 25
_MOST_LABEL: Final = 100
_STYLE: Final = "style:"
STYLES: Final = {"options": (_STYLE, MAX_NAME_CHARACTERS)}
"""The choices that are names of styles: the service looks them up."""
_PRIVATE: Final = "private"
_SEVERAL: Final = re.compile(r"(?P<count>[0-9]{1,2})x(?P<resolution>.*)", re.DOTALL)
_SWITCHES: Final = (_PRIVATE, "spoiler", "search", "image_search")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a member sent, checked. `references` are the pictures that the form is about, then the uploaded ones."""

    spec: PictureSpec
    references: tuple[NewReference, ...]
    count: int
    private: bool
    style: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a form offers: prices and names of styles. For a `private` picture it need not offer privacy."""

    price: Callable[[Resolution], int]
    styles: Sequence[Preset] = ()
    private: bool = False
    size: str = DEFAULT_SIZE
    resolution: Resolution = DEFAULT_RESOLUTION


Submit = Callable[[discord.Interaction[Any], Filled], Awaitable[None]]


class RemixForm(ui.Modal):
    """Asks what to make of posted pictures. `submit` gets the checked values; its errors are shown privately."""

    def __init__(
        self,
        title: str,
        pictures: Sequence[PostedPicture],
        *,
        binding: Binding,
        offer: Offer,
        submit: Submit,
        words: Words,
    ) -> None:
        super().__init__(title=title, timeout=_OPEN_S, custom_id=binding.custom_id)
        self._binding = binding
        self._pictures = pictures
        self._submit = submit
        add_parts(self, offer, words, choice=_choice_of(pictures) if len(pictures) > 1 else None)

    def _dispatch_submit(self, interaction: discord.Interaction[Any], *_: object) -> asyncio.Task[None]:
        """Skip discord.py's own handling of the values, which does not check them."""
        return super()._dispatch_submit(interaction, [], {})

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Dedupe: take each interaction once."""
        return comes_first(interaction)

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Take the form once, if its binding allows it; a refused sender does not close it.

        Sent twice at the same moment, it arrives here twice; sent again later, discord.py does not find it any more.
        """
        interaction.extras[_TAKEN] = True
        self._binding.check(interaction)
        if self.is_finished():
            raise Refusal("stale_form")
        self.stop()
        fields = Fields.of(interaction, form_parts(self, named=STYLES))
        chosen = sorted(map(int, fields.several("pictures"))) or range(len(self._pictures))
        pictures = [self._pictures[number] for number in chosen]
        await self._submit(
            interaction, filled(fields, [NewReference(url=picture.url, name=picture.name) for picture in pictures])
        )

    async def on_error(  # type: ignore[override]  # discord.py narrows it for modals itself
        self, interaction: discord.Interaction[Any], error: Exception
    ) -> None:
        """Show a refusal or a failure through the common error handler."""
        await answer_error(interaction, error)


def add_parts(form: ui.Modal, offer: Offer, words: Words, *, choice: ui.Select[Any] | None = None) -> None:
    """Fill a form with its parts; a `choice` among pictures replaces the last one."""
    prompt: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        max_length=MAX_PROMPT_CHARACTERS,
        placeholder=words("form.remix_example"),
    )
    files: ui.FileUpload[ui.Modal] = ui.FileUpload(
        custom_id="files", required=False, min_values=0, max_values=_MOST_FILES
    )
    form.add_item(ui.Label(text=words("form.prompt"), description=words("form.remix_hint"), component=prompt))
    if choice is not None:
        form.add_item(ui.Label(text=words("form.pictures"), component=choice))
    form.add_item(ui.Label(text=words("form.files"), description=words("form.files_hint"), component=files))
    form.add_item(ui.Label(text=words("form.size"), component=select("size", SIZES, offer.size)))
    form.add_item(ui.Label(text=words("form.resolution_count"), component=_resolutions(offer, words)))
    if choice is None:
        form.add_item(ui.Label(text=words("form.options"), component=_options(offer, words)))


def filled(fields: Fields, references: Sequence[NewReference], *, first_file: int | None = None) -> Filled:
    """What a member sent, to be made from these pictures and the uploaded ones; raises Refusal.

    `first_file` is the number of the first uploaded picture; by default it follows those of `references`.
    """
    typed = fields.one("resolution") or DEFAULT_RESOLUTION.value
    several = _SEVERAL.fullmatch(typed)
    options = fields.several("options")
    styles = [option.removeprefix(_STYLE) for option in options if option.startswith(_STYLE)]
    if len(styles) > 1:
        raise Refusal("several_styles")
    image_search = "image_search" in options
    return Filled(
        spec=checked_spec(
            prompt=fields.one("prompt") or "",
            size=fields.one("size"),
            resolution=several["resolution"] if several else typed,
            google_search=image_search or "search" in options,
            google_image_search=image_search,
            spoiler="spoiler" in options,
        ),
        references=(*references, *fields.files("files", first=first_file or len(references) + 1)),
        count=int(several["count"]) if several else 1,
        private=_PRIVATE in options,
        style=styles[0] if styles else None,
    )


def nobody_took(interaction: discord.Interaction[Any]) -> bool:
    """Whether no open form took this: it is from before a restart, too old, or sent for the second time.

    discord.py starts a known form's `on_submit` before it calls listeners.
    """
    return custom_id_of(interaction).startswith(POSTED) and _TAKEN not in interaction.extras


def _choice_of(pictures: Sequence[PostedPicture]) -> ui.Select[ui.Modal]:
    """A select of the pictures; as many as may be used are selected by default."""
    options = [
        discord.SelectOption(
            label=f"{number}. {picture.name}"[:_MOST_LABEL], value=str(number - 1), default=number <= MAX_REFERENCES
        )
        for number, picture in enumerate(pictures[:_MOST_OPTIONS], start=1)
    ]
    return ui.Select(custom_id="pictures", options=options, min_values=1, max_values=min(len(options), MAX_REFERENCES))


def _resolutions(offer: Offer, words: Words) -> ui.Select[ui.Modal]:
    """One picture in each resolution, then several; each with the total price."""
    options = [
        discord.SelectOption(
            label=r.value if count == 1 else words("form.several", resolution=r.value, count=count),
            value=r.value if count == 1 else f"{count}x{r.value}",
            description=words.credits(count * offer.price(r)),
            default=count == 1 and r is offer.resolution,
        )
        for count in range(1, MAX_COUNT + 1)
        for r in Resolution
    ]
    return ui.Select(custom_id="resolution", options=options)


def _options(offer: Offer, words: Words) -> ui.Select[ui.Modal]:
    """Options that can be switched on, and the styles that can be used."""
    options = [
        discord.SelectOption(label=words(f"form.{name}"), value=name, description=words(f"form.{name}_hint"))
        for name in _SWITCHES
        if name != _PRIVATE or not offer.private
    ]
    options += [
        discord.SelectOption(
            label=words.verbatim("form.style", name=style.name),
            value=f"{_STYLE}{style.name}",
            description=" ".join(style.text.split())[:_MOST_LABEL],
        )
        for style in offer.styles[: _MOST_OPTIONS - len(options)]
    ]
    return ui.Select(custom_id="options", options=options, required=False, min_values=0, max_values=len(options))
