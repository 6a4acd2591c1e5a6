"""The base of buttons and forms about a job: their custom ids hold only numbers, and every press is checked again."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ClassVar, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.errors import StoreError
from bot.domain.job import NewReference, Origin
from bot.domain.order import Order
from bot.domain.order_rules import defaults_of
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.preset import Preset
from bot.domain.rules import ServerRules
from bot.interactions.acknowledge import Acknowledger
from bot.interactions.debounce import PressDebouncer
from bot.interactions.permissions import age_restricted, bot_present, channels_of, roles_of
from bot.localization.catalogue import ENGLISH, Words
from bot.ports import TokenLease
from bot.services.guild_rules import GuildRules
from bot.services.intake import Intake
from bot.services.order_actions import OrderActions
from bot.services.originals import Originals
from bot.services.picture_actions import PictureActions, Presser, PressOrder
from bot.services.presets import PresetEditor, Presets
from bot.ui.dynamic_items import DynamicPart, message_of
from bot.ui.modal_ids import form_id_of
from bot.ui.text import file_stem

log = logging.getLogger(__name__)

_LOOKED_UP_BY_S: Final = 1.0


class Desk(Protocol):
    """The services that buttons and forms use."""

    @property
    def intake(self) -> Intake:
        """Accepts orders."""
        ...

    @property
    def order_actions(self) -> OrderActions:
        """Members' decisions about their orders."""
        ...

    @property
    def pictures(self) -> PictureActions:
        """Actions on finished pictures."""
        ...

    @property
    def originals(self) -> Originals:
        """The original files of pictures."""
        ...

    @property
    def guild_rules(self) -> GuildRules:
        """The rules of servers."""
        ...

    @property
    def presets(self) -> Presets:
        """Saved styles."""
        ...

    @property
    def debouncer(self) -> PressDebouncer:
        """The latest presses."""
        ...

    @property
    def acknowledger(self) -> Acknowledger:
        """Gives orders their first answer."""
        ...


def services_of(interaction: discord.Interaction[Any]) -> Desk:
    """The services of the bot that received this interaction."""
    return cast(Desk, interaction.client.services)


def origin_of(interaction: discord.Interaction[Any]) -> Origin:
    """The member and the place of an interaction."""
    return Origin(
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        locale=interaction.locale.value,
        bot_present=bot_present(interaction),
        form_id=form_id_of(interaction),
        role_ids=roles_of(interaction),
        channel_ids=channels_of(interaction),
        age_restricted=age_restricted(interaction),
    )


def lease_of(interaction: discord.Interaction[Any]) -> TokenLease:
    """The interaction's token with its expiry."""
    return TokenLease(
        token=interaction.token,
        expires_at=interaction.expires_at,
        message_id=interaction.message.id if interaction.message else None,
    )


def order_of(
    interaction: discord.Interaction[Any],
    spec: PictureSpec,
    *,
    style: str | None,
    private: bool,
    count: int,
    references: tuple[NewReference, ...] = (),
    kind: str = "imagine",
) -> Order:
    """The order of a command or form; the place, the token and the upload limit are the interaction's."""
    return Order(
        spec=spec,
        origin=origin_of(interaction),
        private=private,
        lease=lease_of(interaction),
        upload_limit_bytes=interaction.filesize_limit,
        style=style,
        references=references,
        count=count,
        kind=kind,
    )


def presser_of(interaction: discord.Interaction[Any]) -> Presser:
    """The member who pressed, with the permissions that Discord sends with each press."""
    return Presser(
        user_id=interaction.user.id,
        channel_id=interaction.channel_id or 0,
        moderates=interaction.guild_id is not None and interaction.permissions.manage_messages,
    )


def preset_editor_of(interaction: discord.Interaction[Any]) -> PresetEditor:
    """Whose styles can be used, and whether the member may change those of the server."""
    return PresetEditor(
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        manages=interaction.guild_id is not None and interaction.permissions.manage_guild,
    )


async def styles_within_reach(interaction: discord.Interaction[Any]) -> list[Preset]:
    """The styles that a form can offer; none if reading them would delay the form."""
    try:
        async with asyncio.timeout(_LOOKED_UP_BY_S):
            return await services_of(interaction).presets.of(preset_editor_of(interaction))
    except (StoreError, TimeoutError) as error:
        log.warning("no_styles", extra={"error": str(error)})
        return []


async def usual_here(interaction: discord.Interaction[Any]) -> tuple[str, Resolution]:
    """The default size and resolution of a form; the bot's own if reading the server's would delay the form."""
    rules = ServerRules()
    if interaction.guild_id is not None:
        try:
            async with asyncio.timeout(_LOOKED_UP_BY_S):
                rules = await services_of(interaction).guild_rules.of(interaction.guild_id)
        except (StoreError, TimeoutError) as error:
            log.warning("no_rules_for_form", extra={"error": str(error)})
    return defaults_of(rules)


async def order(
    interaction: discord.Interaction[Any],
    job_id: int,
    prepare: Callable[[PressOrder], Coroutine[Any, Any, Order]],
    *,
    private: bool = False,
) -> None:
    """Answer with the card of a new request, made by the presser from this job."""
    ask = PressOrder(
        origin=origin_of(interaction),
        private=private or await _is_private(interaction, job_id),
        lease=lease_of(interaction),
        upload_limit_bytes=interaction.filesize_limit,
    )
    await services_of(interaction).acknowledger.receive_prepared(
        interaction, partial(prepare, ask), private=ask.private
    )


async def _is_private(interaction: discord.Interaction[Any], job_id: int) -> bool:
    """Whether a new request from this job is private: it is if the picture is.

    The private message may be about a public picture (from the select of several, say), so the job's row decides.
    """
    if interaction.message is None or not interaction.message.flags.ephemeral:
        return False
    try:
        async with asyncio.timeout(_LOOKED_UP_BY_S):
            view, _ = await services_of(interaction).pictures.look(job_id, presser_of(interaction))
    except TimeoutError:
        return True
    return view.request.private


class JobButton(DynamicPart[ui.Button[Any]], template=r"never"):
    """A button about one job, found by its custom id on any message, however old; refusals are shown privately."""

    action: ClassVar[str]
    """The start of its custom ids; its label is `button.{action}` in the catalogue."""
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary
    orders: ClassVar[bool] = False
    """Whether a press costs something by itself, so that a double click must count once."""

    def __init__(self, job_id: int, words: Words, label: str = "") -> None:
        custom_id = f"{self.action}:{job_id}"
        super().__init__(
            ui.Button(label=label or words(f"button.{self.action}"), style=self.style, custom_id=custom_id)
        )
        self.job_id = job_id

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """The button for this job."""
        return cls(int(match["job"]), ENGLISH)

    def admit(self, interaction: discord.Interaction[Any]) -> None:
        """Debounce: of a double click, one press counts."""
        if self.orders:
            services_of(interaction).debouncer.take(interaction)


def said(words: str, *buttons: DynamicPart[ui.Button[Any]]) -> ui.LayoutView:
    """A private message of a sentence and optional buttons."""
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    for button in buttons:
        row.add_item(button)
    return message_of(ui.TextDisplay(words), *([row] if buttons else []))


def shown_address(message: discord.Message | None, job_id: int) -> str | None:
    """The address at which a message shows a job's picture; Discord signs it again with each press."""
    for container in message.components if message else ():
        for part in container.children if isinstance(container, discord.Container) else ():
            for item in part.items if isinstance(part, discord.MediaGalleryComponent) else ():
                name = item.media.url.partition("?")[0].rpartition("/")[2]
                if name.startswith(file_stem(job_id)):
                    return item.media.url
    return None
