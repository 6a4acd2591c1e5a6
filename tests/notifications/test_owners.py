"""The owners of the bot."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.notifications.owners import Owners
from tests.support.refusals import refused


def client(*, owner: int = 1, team: list[Any] | None = None) -> Any:
    """A client after its login, with its application."""
    members = None if team is None else SimpleNamespace(members=team)
    return SimpleNamespace(application=SimpleNamespace(owner=SimpleNamespace(id=owner), team=members))


def member(
    user_id: int, *, accepted: bool = True, role: discord.TeamMemberRole = discord.TeamMemberRole.developer
) -> Any:
    """A member of a team."""
    state = discord.TeamMembershipState.accepted if accepted else discord.TeamMembershipState.invited
    return SimpleNamespace(id=user_id, membership_state=state, role=role)


def test_applications_owner_and_configured_ids_are_owners() -> None:
    """Each once, and no one else."""
    owners = Owners(client(owner=1), (7, 1, 8))
    assert owners.ids() == [1, 7, 8]
    owners.check(8)
    with refused("Only the people who run this bot"):
        owners.check(9)


def test_team_members_own_except_read_only_and_invited_ones() -> None:
    """The application's nominal owner is the team itself."""
    team = [member(2), member(3, accepted=False), member(4, role=discord.TeamMemberRole.read_only)]
    assert Owners(client(owner=1, team=team), (5,)).ids() == [2, 5]


@pytest.mark.parametrize("named", [(), (5,)])
def test_before_the_login_only_configured_ids_are_owners(named: tuple[int, ...]) -> None:
    """A missing answer gives no one access."""
    logged_out: Any = SimpleNamespace(application=None)
    assert Owners(logged_out, named).ids() == list(named)
