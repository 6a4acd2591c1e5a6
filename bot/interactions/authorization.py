"""Remembers for 15 minutes which members Discord allowed to use a moderators' command.

A server may allow others than moderators, and Discord says so only with the command itself. Custom ids, and the
interaction id in them, can be forged; so only what this process has seen counts, and after a restart only permissions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import discord
from cachetools import FIFOCache

_VOUCHED: Final = timedelta(minutes=15)
"""The lifetime of an interaction token; permissions may be revoked meanwhile."""
_REMEMBERED: Final = 10_000


class CommandAuthorizations:
    """The latest interactions with such a command, each with its member, server and channel.

    The channel counts because a server may allow a command in some channels only.
    """

    def __init__(self) -> None:
        self._seen: FIFOCache[int, tuple[int, int | None, int | None]] = FIFOCache(_REMEMBERED)

    def take(self, interaction: discord.Interaction[Any]) -> None:
        """Remember an interaction with a command that Discord offers only to authorized members."""
        self._seen[interaction.id] = _who_and_where(interaction)

    def vouch(self, interaction: discord.Interaction[Any], *, began_with: int | None) -> bool:
        """Whether this follows such a command of the same member in the same channel, less than 15 minutes ago."""
        if began_with is None or self._seen.get(began_with) != _who_and_where(interaction):
            return False
        return interaction.created_at - discord.utils.snowflake_time(began_with) < _VOUCHED


def _who_and_where(interaction: discord.Interaction[Any]) -> tuple[int, int | None, int | None]:
    return interaction.user.id, interaction.guild_id, interaction.channel_id
