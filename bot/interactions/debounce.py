"""Debounces presses: a double click on a button that orders something counts once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import discord
from cachetools import LRUCache

from bot.domain.errors import Refusal
from bot.interactions.received_data import custom_id_in

_ONE_GESTURE: Final = timedelta(seconds=1)
"""Shorter than the time in which a member can see the result of a press and want it again."""
_REMEMBERED: Final = 10_000


class PressDebouncer:
    """Remembers who pressed what, with Discord's timestamp of each press."""

    def __init__(self) -> None:
        self._last: LRUCache[tuple[int, int, str], datetime] = LRUCache(_REMEMBERED)

    def take(self, interaction: discord.Interaction[Any]) -> None:
        """Take a press; raises Refusal for a repetition of one a moment ago."""
        message_id = interaction.message.id if interaction.message else 0
        self.take_at((interaction.user.id, message_id, custom_id_in(interaction)), interaction.created_at)

    def take_at(self, what: tuple[int, int, str], pressed_at: datetime) -> None:
        """The same, given a member, message and custom id, and the time of the press."""
        last = self._last.get(what)
        if last is not None and abs(pressed_at - last) < _ONE_GESTURE:
            raise Refusal("pressed_twice")
        self._last[what] = pressed_at
