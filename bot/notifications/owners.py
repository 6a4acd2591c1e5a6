"""Who runs the bot: the application's owner or team, and whoever the settings name."""

from __future__ import annotations

from collections.abc import Collection

import discord

from bot.domain.errors import Refusal


class Owners:
    """Asked anew each time: a team changes while the bot is up, after its next login at the latest."""

    def __init__(self, client: discord.Client, named: Collection[int] = ()) -> None:
        self._client = client
        self._named = tuple(named)

    def ids(self) -> list[int]:
        """Their user ids, each once. Members of a team that did not accept yet, or may only read, are none."""
        return list(dict.fromkeys([*self._of_application(), *self._named]))

    def check(self, user_id: int) -> None:
        """Raise Refusal for anybody else."""
        if user_id not in self.ids():
            raise Refusal("owners_only")

    def _of_application(self) -> list[int]:
        application = self._client.application
        if application is None:
            return []
        if application.team is None:
            return [application.owner.id]
        return [
            member.id
            for member in application.team.members
            if member.membership_state is discord.TeamMembershipState.accepted
            and member.role is not discord.TeamMemberRole.read_only
        ]
