"""Binds a form to the member, server, channel and message for which it was opened, and refuses it from others.

Custom ids can be forged, so a sent form is compared with what this process opened. A form from before a restart, or a
forged one, is not bound; it gives its sender no more than their current permissions.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, cast

import discord
from cachetools import FIFOCache
from discord import ui

from bot.domain.errors import Refusal
from bot.interactions.dedupe import comes_first
from bot.interactions.error_replies import answer_error
from bot.interactions.responses import sent_surely
from bot.ui.modal_ids import custom_id_of

_REMEMBERED: Final = 10_000
_OPENED_BY: Final = re.compile(r".*:(?P<opened_by>[0-9]{1,20})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The custom id of an opened form, and by whom, where and about which message (None: none) it was opened."""

    custom_id: str
    user_id: int
    guild_id: int | None
    channel_id: int | None
    message_id: int | None

    @classmethod
    def of(cls, interaction: discord.Interaction[Any], custom_id: str, *, about: int | None = None) -> Self:
        """The binding of a form that this interaction opens; `about` is the message that a menu was used on."""
        return cls(
            custom_id=custom_id,
            user_id=interaction.user.id,
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id,
            message_id=interaction.message.id if interaction.message else about,
        )

    def check(self, sent: discord.Interaction[Any]) -> None:
        """Raise Refusal for a form that was sent by another member, from another place, or about another message."""
        # Forms opened from a menu are sent without their message.
        message_id = sent.message.id if sent.message else self.message_id
        if self != Binding(
            custom_id=custom_id_of(sent),
            user_id=sent.user.id,
            guild_id=sent.guild_id,
            channel_id=sent.channel_id,
            message_id=message_id,
        ):
            raise Refusal("opened_elsewhere")


class OpenForms:
    """The latest opened forms, by the id of the interaction that opened each."""

    def __init__(self) -> None:
        self._open: FIFOCache[int, Binding] = FIFOCache(_REMEMBERED)

    def add(self, opened_by: int, binding: Binding) -> None:
        """Record a form before it is shown: it may be sent before Discord confirms that it was opened."""
        self._open[opened_by] = binding

    def check(self, sent: discord.Interaction[Any]) -> None:
        """Raise Refusal for a form that was opened for another member or place; unknown forms pass."""
        match = _OPENED_BY.fullmatch(custom_id_of(sent))
        binding = self._open.get(int(match["opened_by"])) if match else None
        if binding is not None:
            binding.check(sent)


class _Desk(Protocol):
    """The part of the bot's services that has the open forms."""

    @property
    def open_forms(self) -> OpenForms: ...


def _open_forms(interaction: discord.Interaction[Any]) -> OpenForms:
    return cast(_Desk, interaction.client.services).open_forms


async def open_form(interaction: discord.Interaction[Any], form: ui.Modal, *, about: int | None = None) -> None:
    """Show a form as the first answer, bound to who and what it is for; `about` as in Binding.of."""
    _open_forms(interaction).add(interaction.id, Binding.of(interaction, form.custom_id, about=about))
    await sent_surely(lambda: interaction.response.send_modal(form))


async def answer_form(
    interaction: discord.Interaction[Any], forms: re.Pattern[str], answer: Callable[[re.Match[str]], Awaitable[None]]
) -> None:
    """Answer a form whose custom id matches, once, if its binding allows it.

    Errors go to the same handler as a command's.
    """
    match = forms.fullmatch(custom_id_of(interaction))
    if match is None or not comes_first(interaction):
        return
    try:
        _open_forms(interaction).check(interaction)
        await answer(match)
    except Exception as error:  # noqa: BLE001 - discord.py would only log what an event handler raises
        await answer_error(interaction, error)
