"""Whom Discord let use a moderators' command a moment ago: it may let others than moderators, and says so only then.

A custom id, and the number of an interaction in it, may be whatever a client likes to send. So what vouches for
somebody is what this process has seen, and after a restart their permissions alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import discord
from cachetools import FIFOCache

_VOUCHED: Final = timedelta(minutes=15)
"""As long as an answer lives: a permission may be taken away."""
_REMEMBERED: Final = 10_000


class CommandAuthorizations:
    """The latest interactions in which Discord vouched for a member, with the member, the server and the channel.

    A server may let somebody use a command in some channels only.
    """

    def __init__(self) -> None:
        self._seen: FIFOCache[int, tuple[int, int | None, int | None]] = FIFOCache(_REMEMBERED)

    def take(self, interaction: discord.Interaction[Any]) -> None:
        """Remember a command that Discord offers to those alone who look after a server."""
        self._seen[interaction.id] = _who_and_where(interaction)

    def vouch(self, interaction: discord.Interaction[Any], *, began_with: int | None) -> bool:
        """Whether this one goes on from such a command of the same member, in the same channel, not long ago."""
        if began_with is None or self._seen.get(began_with) != _who_and_where(interaction):
            return False
        return interaction.created_at - discord.utils.snowflake_time(began_with) < _VOUCHED


def _who_and_where(interaction: discord.Interaction[Any]) -> tuple[int, int | None, int | None]:
    return interaction.user.id, interaction.guild_id, interaction.channel_id
