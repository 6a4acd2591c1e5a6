"""Dedupes interactions: Discord's gateway may send an event twice."""

from __future__ import annotations

import logging
from typing import Any, Final, Protocol, cast

import discord
from cachetools import FIFOCache

log = logging.getLogger(__name__)

_REMEMBERED: Final = 10_000


class SeenInteractions:
    """The ids of the latest interactions, in memory only: Discord repeats none after a new login."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._ids: FIFOCache[int, None] = FIFOCache(remembered)

    def first_time(self, interaction_id: int) -> bool:
        """Whether an interaction id was not seen before; marks it as seen."""
        if interaction_id in self._ids:
            return False
        self._ids[interaction_id] = None
        return True


class DedupingClient(Protocol):
    """A client that knows which interactions it has seen."""

    seen: SeenInteractions


def comes_first(interaction: discord.Interaction[Any]) -> bool:
    """Whether to answer an interaction: False for a duplicate, which would overwrite the first one's message."""
    if cast(DedupingClient, interaction.client).seen.first_time(interaction.id):
        return True
    log.info("interaction_repeated", extra={"interaction_id": interaction.id})
    return False
