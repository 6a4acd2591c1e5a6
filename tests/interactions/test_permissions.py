"""The place of an interaction, read from its Discord payload."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.domain.errors import Refusal
from bot.interactions.permissions import age_restricted, bot_present, channels_of, check_place, roles_of
from tests.support.refusals import refused, told

ALICE = {"id": "11", "username": "alice", "discriminator": "0", "avatar": None}
INVITED, BROUGHT = {"0": "5"}, {"1": "11"}
VIEW, SEND, ATTACH, IN_THREADS = 1 << 10, 1 << 11, 1 << 15, 1 << 38


def interaction(**fields: Any) -> discord.Interaction[discord.Client]:
    """A slash command in a server's text channel, as discord.py builds it from Discord's JSON."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    bot: Any = {**ALICE, "id": "2", "username": "imagine", "bot": True}
    client._connection.user = discord.ClientUser(state=client._connection, data=bot)
    data: Any = {
        "id": "1", "application_id": "2", "type": 2, "token": "t", "version": 1, "channel_id": "3",
        "channel": channel(), "user": ALICE, "app_permissions": "0", "context": 0, "guild_id": "5",
        "guild": {"id": "5", "features": [], "locale": "en-US"}, "authorizing_integration_owners": INVITED,
        "member": {"user": ALICE, "roles": [], "permissions": "0", "joined_at": None, "deaf": False, "mute": False,
                   "flags": 0},
        "data": {"id": "4", "name": "imagine", "type": 1}, "entitlements": [], "attachment_size_limit": 1,
        **fields,
    }  # fmt: skip
    return discord.Interaction(data=data, state=client._connection)


def channel(kind: int = 0, **fields: Any) -> dict[str, Any]:
    """A channel in an interaction's payload: type 0 is a text channel, 11 a public thread."""
    place = {"id": "3", "type": kind, "name": "general", "permissions": "0", "position": 0, "nsfw": False}
    if kind == 11:
        metadata = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": "2026-03-14T15:09:26+00:00"}
        place |= {
            "parent_id": "9",
            "owner_id": "11",
            "thread_metadata": metadata,
            "message_count": 1,
            "member_count": 1,
        }
    return {**place, **fields}


def direct(context: int, **fields: Any) -> discord.Interaction[discord.Client]:
    """A command outside any server: context 1 is a direct message with the bot, 2 one between other users."""
    place = {"id": "3", "type": 1, "recipients": [ALICE]}
    return interaction(context=context, channel=place, guild_id=None, guild=None, member=None, **fields)


def test_bot_is_present_in_servers_that_invited_it_and_in_its_direct_messages() -> None:
    """A user install on top changes nothing there."""
    assert bot_present(interaction())
    assert bot_present(interaction(authorizing_integration_owners={**INVITED, **BROUGHT}))
    assert bot_present(direct(1, authorizing_integration_owners=BROUGHT))


def test_bot_is_not_present_where_only_a_member_installed_it() -> None:
    """A server that never invited it, and direct messages between other users."""
    assert not bot_present(interaction(authorizing_integration_owners=BROUGHT))
    assert not bot_present(direct(2, authorizing_integration_owners=BROUGHT))


def test_all_required_permissions_pass() -> None:
    """View channel, send messages and attach files are required."""
    check_place(interaction(app_permissions=str(VIEW | SEND | ATTACH)), private=False)


@pytest.mark.parametrize(
    ("granted", "named"),
    [
        (VIEW | SEND, "the permission *Attach Files*."),
        (VIEW | ATTACH, "the permission *Send Messages*."),
        (SEND | ATTACH, "the permission *View Channel*."),
        (VIEW, "the permissions *Send Messages* and *Attach Files*."),
        (0, "the permissions *View Channel*, *Send Messages* and *Attach Files*."),
    ],
)
def test_missing_permissions_are_named(granted: int, named: str) -> None:
    """One refusal names all of them, and nothing is charged."""
    with pytest.raises(Refusal) as caught:
        check_place(interaction(app_permissions=str(granted)), private=False)
    assert named in told(caught.value)


def test_thread_has_its_own_send_permission() -> None:
    """Sending in its parent channel does not count."""
    check_place(interaction(channel=channel(11), app_permissions=str(VIEW | IN_THREADS | ATTACH)), private=False)
    with refused("Send Messages in Threads"):
        check_place(interaction(channel=channel(11), app_permissions=str(VIEW | SEND | ATTACH)), private=False)


def test_no_permission_needed_for_private_pictures_direct_messages_and_user_installs() -> None:
    """There the bot only responds to interactions."""
    check_place(interaction(), private=True)
    check_place(direct(1), private=False)
    check_place(interaction(authorizing_integration_owners=BROUGHT), private=False)


def test_age_restriction_is_read_from_the_channel() -> None:
    """It is Discord's NSFW flag; a direct message has none."""
    assert age_restricted(interaction(channel=channel(nsfw=True)))
    assert not age_restricted(interaction())
    assert not age_restricted(direct(1))


def test_roles_are_read_from_the_interaction_without_a_cache() -> None:
    """A role rule applies to the first command after a start; outside servers there are no roles."""
    member = {"user": ALICE, "roles": ["71", "72"], "permissions": "0", "joined_at": None, "deaf": False,
              "mute": False, "flags": 0}  # fmt: skip
    assert roles_of(interaction(member=member)) == (71, 72)
    assert roles_of(direct(1, authorizing_integration_owners=BROUGHT)) == ()


def test_channel_is_named_with_its_parent() -> None:
    """A text channel with its category, a thread with its parent channel."""
    assert channels_of(interaction(channel=channel(parent_id="8"))) == (3, 8)
    assert channels_of(interaction(channel=channel())) == (3,)
    assert channels_of(interaction(channel=channel(11))) == (3, 9)
