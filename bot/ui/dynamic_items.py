"""The base of all buttons and selects: they are found by their custom id, on any message, however old."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, ClassVar, Final, Self, TypeVar

import discord
from discord import ui

from bot.interactions.dedupe import comes_first
from bot.interactions.error_replies import answer_error
from bot.interactions.offered import Value
from bot.interactions.received_data import component_values
from bot.ui.access import Audience, Scope

_TAKEN: Final = "part_taken"

Part = TypeVar("Part", bound=ui.Item[Any])


class DynamicPart(ui.DynamicItem[Part], template=r"never"):
    """A button or select that has all its data in its custom id; refusals are shown privately.

    A choice is checked against the options of the component on its own message.
    """

    audience: ClassVar[Audience]
    """Who may use it, checked by `pressed` or by the service that it calls."""
    scope: ClassVar[Scope] = Scope.ANYWHERE
    _shown: ui.Item[Any] | None = None
    _chosen: tuple[Value, ...] = ()

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Rebuild the part from a press on `item`, the component on the message."""
        interaction.extras[_TAKEN] = True
        part = cls.rebuilt(match)
        part._shown = item  # noqa: SLF001 - an attribute of this class
        return part

    def _refresh_state(self, interaction: discord.Interaction[Any], data: Any) -> None:
        """Do nothing: discord.py would take the values from the interaction without a check."""

    @property
    def chosen(self) -> tuple[Value, ...]:
        """The chosen values, checked against the options; set before `pressed` is called."""
        return self._chosen

    @classmethod
    @abstractmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """The part with this custom id. Its label is on its message, so any label will do here."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Dedupe: answer each press once."""
        return comes_first(interaction)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press; errors go to the same handler as a command's."""
        try:
            self._chosen = component_values(interaction, self._shown or self.item)
            self.admit(interaction)
            await self.pressed(interaction)
        except Exception as error:  # noqa: BLE001 - discord.py would only log what a dynamic item raises
            await answer_error(interaction, error)

    def admit(self, interaction: discord.Interaction[Any]) -> None:
        """Raise Refusal for a press that must not count."""

    @abstractmethod
    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge within 3 s and do what the part says; raises BotError."""


def chosen_number(part: DynamicPart[Any]) -> int:
    """The number of the picture chosen in a select."""
    [number] = part.chosen
    return int(number)


def nobody_pressed(interaction: discord.Interaction[Any]) -> bool:
    """Whether no part handled a press or a choice: the message does not have such a part, or not any more.

    discord.py rebuilds the part before it calls listeners.
    """
    return interaction.type is discord.InteractionType.component and _TAKEN not in interaction.extras


def message_of(*items: ui.Item[ui.LayoutView]) -> ui.LayoutView:
    """A message of these items; all buttons and selects in it are dynamic parts."""
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    # Every part is found by its custom id, so discord.py need not keep the view in memory.
    view.stop()
    return view
