"""What all buttons and selects have in common: they are found by their custom id, on any message, however old."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, Final, Self, TypeVar, cast

import discord
from discord import ui

from bot.domain.errors import Refusal
from bot.ui.errors import answer_error
from bot.ui.seen import comes_first

_NUMBER: Final = re.compile(r"[0-9]{1,18}")

Part = TypeVar("Part", bound=ui.Item[Any])


class DynamicPart(ui.DynamicItem[Part], template=r"never"):
    """A button or select that carries all that it needs in its custom id; refusals are told privately."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - discord.py passes all three
        item: ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
        /,
    ) -> Self:
        """Rebuild the part from a press."""
        return cls.rebuilt(match)

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
            self.admit(interaction)
            await self.pressed(interaction)
        except Exception as error:  # noqa: BLE001 - discord.py would only log what a dynamic item raises
            await answer_error(interaction, error)

    def admit(self, interaction: discord.Interaction[Any]) -> None:
        """Raise Refusal for a press that shall not count."""

    @abstractmethod
    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge within 3 s and do what the part says; raises BotError."""


def chosen_number(interaction: discord.Interaction[Any]) -> int:
    """The number of the picture that was chosen in a select; refused where a client sends something else."""
    (number, *_) = [*chosen_values(interaction), ""]
    if _NUMBER.fullmatch(number) is None:
        raise Refusal("no_such_job", number=0)
    return int(number)


def chosen_values(interaction: discord.Interaction[Any]) -> list[str]:
    """What was chosen in a select."""
    return [str(value) for value in cast(dict[str, Any], interaction.data).get("values", [])]


def message_of(*items: ui.Item[ui.LayoutView]) -> ui.LayoutView:
    """A message of these items, whose buttons and selects all are dynamic parts."""
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    # Every part is found by its custom id: discord.py need not keep the view in memory.
    view.stop()
    return view
