"""What all buttons and selects have in common: they are found by their custom id, on any message, however old."""

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
    """A button or select that carries all that it needs in its custom id; refusals are told privately.

    What it offers is read off the component on its own message, so that nothing else can be chosen.
    """

    audience: ClassVar[Audience]
    """Who may use it, as `pressed` or the service behind it checks."""
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
        """Rebuild the part from a press on `item`, which Discord shows."""
        interaction.extras[_TAKEN] = True
        part = cls.rebuilt(match)
        part._shown = item  # noqa: SLF001 - its own
        return part

    def _refresh_state(self, interaction: discord.Interaction[Any], data: Any) -> None:
        """Leave the values alone that discord.py would read off the interaction unchecked."""

    @property
    def chosen(self) -> tuple[Value, ...]:
        """What was chosen, checked against what is offered; filled in before `pressed`."""
        return self._chosen

    @classmethod
    @abstractmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """The part that has this custom id. What stands on it is read on its message, so any words will do."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Answer each press once, however often Discord sends it."""
        return comes_first(interaction)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press; a failure reaches the same handler as a command's."""
        try:
            self._chosen = component_values(interaction, self._shown or self.item)
            self.admit(interaction)
            await self.pressed(interaction)
        except Exception as error:  # noqa: BLE001 - discord.py would only log what a dynamic item raises
            await answer_error(interaction, error)

    def admit(self, interaction: discord.Interaction[Any]) -> None:
        """Raise Refusal for a press that shall not count."""

    @abstractmethod
    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge within 3 s and do what the part says; raises BotError."""


def chosen_number(part: DynamicPart[Any]) -> int:
    """The number of the picture that was chosen in a select."""
    [number] = part.chosen
    return int(number)


def nobody_pressed(interaction: discord.Interaction[Any]) -> bool:
    """Whether no part of the message took a press or a choice: the message has no such part, or not any more.

    discord.py rebuilds the part before it tells listeners of the interaction.
    """
    return interaction.type is discord.InteractionType.component and _TAKEN not in interaction.extras


def message_of(*items: ui.Item[ui.LayoutView]) -> ui.LayoutView:
    """A message of these items, whose buttons and selects all are dynamic parts."""
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    # Every part is found by its custom id: discord.py need not keep the view in memory.
    view.stop()
    return view
