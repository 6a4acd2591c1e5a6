"""Two clicks of one gesture: what is ordered at a press is ordered once by a double click."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import discord
from cachetools import LRUCache

from bot.domain.errors import Refusal
from bot.interactions.received_data import custom_id_in

_ONE_GESTURE: Final = timedelta(seconds=1)
"""Nobody sees what a press led to, and wants it once more, any sooner."""
_REMEMBERED: Final = 10_000


class PressDebouncer:
    """Remembers who pressed what, by the moment that Discord gives each press."""

    def __init__(self) -> None:
        self._last: LRUCache[tuple[int, int, str], datetime] = LRUCache(_REMEMBERED)

    def take(self, interaction: discord.Interaction[Any]) -> None:
        """Take a press; raises Refusal for one that repeats another of a moment ago."""
        message_id = interaction.message.id if interaction.message else 0
        self.take_at((interaction.user.id, message_id, custom_id_in(interaction)), interaction.created_at)

    def take_at(self, what: tuple[int, int, str], pressed_at: datetime) -> None:
        """The same of a member, message and button, at a moment."""
        last = self._last.get(what)
        if last is not None and abs(pressed_at - last) < _ONE_GESTURE:
            raise Refusal("pressed_twice")
        self._last[what] = pressed_at
