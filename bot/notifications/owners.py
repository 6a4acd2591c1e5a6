"""The owners of the bot: the application's owner or team, and the user ids in the settings."""

from __future__ import annotations

from collections.abc import Collection

import discord

from bot.domain.errors import Refusal


class Owners:
    """Read again on each call: a team may change while the bot runs, and is updated by the next login at the latest."""

    def __init__(self, client: discord.Client, named: Collection[int] = ()) -> None:
        self._client = client
        self._named = tuple(named)

    def ids(self) -> list[int]:
        """Their user ids, each once. Team members who have not accepted, or are read-only, are left out."""
        return list(dict.fromkeys([*self._of_application(), *self._named]))

    def check(self, user_id: int) -> None:
        """Raise Refusal for a user id that is not an owner's."""
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
