"""The channels of the sandbox, and the fields of an interaction that describe where it happened."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.discord.ids import fixed_id
from sandbox.discord.model import Channel, ChannelType, Json, User
from sandbox.discord.permissions import ALL, APP_IN_DM, APP_IN_GROUP_DM
from sandbox.discord.render import channel_json, member_json, user_json

if TYPE_CHECKING:
    from sandbox.discord.world import World

OTHER_GUILD_ID = fixed_id(150)
"""A server that never invited the bot. It has the same members; the bot knows only its id."""

_TEXT_CHANNELS = (
    ("general", "Talk, and try the bot", False),
    ("art", "Pictures only", False),
    ("after-dark", "Age-restricted", True),
)


def places(world: "World") -> Iterator[Channel]:
    """The channels that exist from the start; DMs with the bot are created when opened."""
    for position, (name, topic, nsfw) in enumerate(_TEXT_CHANNELS):
        yield Channel(
            id=fixed_id(200 + position),
            type=ChannelType.GUILD_TEXT,
            name=name,
            guild_id=world.guild.id,
            nsfw=nsfw,
            topic=topic,
            position=position,
        )
    yield from _of_other_kinds(world)
    yield Channel(
        id=fixed_id(220),
        type=ChannelType.GUILD_TEXT,
        name="elsewhere",
        topic="A server that never invited the bot; members bring it along",
        guild_id=OTHER_GUILD_ID,
        members_app=True,
    )
    yield Channel(
        id=fixed_id(230),
        type=ChannelType.GROUP_DM,
        name="friends",
        topic="A group DM of Alice and Bob; the bot is none of them",
        people=(world.user("alice"), world.user("bob")),
        owner_id=world.user("alice").id,
        members_app=True,
    )


def _of_other_kinds(world: "World") -> Iterator[Channel]:
    """The guild's voice channel, with its chat; its forum; and two threads, the second of which is a forum post."""
    guild_id, alice = world.guild.id, world.user("alice").id
    lounge, showcase, thread = ChannelType.GUILD_VOICE, ChannelType.GUILD_FORUM, ChannelType.PUBLIC_THREAD
    yield Channel(
        id=fixed_id(203), type=lounge, name="lounge", topic="A voice channel's chat", guild_id=guild_id, position=3
    )
    yield Channel(id=fixed_id(204), type=showcase, name="showcase", guild_id=guild_id, position=4)
    for number, name, topic, parent in (
        (210, "sketchbook", "A thread in #art", 201),
        (211, "best-of", "A post in the forum #showcase", 204),
    ):
        yield Channel(
            id=fixed_id(number),
            type=thread,
            name=name,
            topic=topic,
            guild_id=guild_id,
            parent_id=fixed_id(parent),
            owner_id=alice,
        )


def interaction_place(channel: Channel, user: User, world: "World") -> Json:
    """The part of an interaction that says where and by whom: guild, channel, member or user, permissions."""
    place: Json = {
        "channel_id": channel.id,
        "channel": channel_json(channel),
        "locale": user.locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": _owners(channel, user),
        "context": channel.context,
    }
    if channel.private:
        granted = APP_IN_GROUP_DM if channel.type is ChannelType.GROUP_DM else APP_IN_DM
        return {**place, "user": user_json(user), "app_permissions": str(int(granted))}
    granted_to_user = world.permissions(user, channel)
    return {
        **place,
        "guild_id": channel.guild_id,
        "guild": {"id": channel.guild_id, "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "channel": {**channel_json(channel), "permissions": str(granted_to_user)},
        "member": {**member_json(world.guild.members[user.id]), "permissions": str(granted_to_user & ALL)},
        "app_permissions": str(world.bot_permissions(channel)),
    }


def _owners(channel: Channel, user: User) -> Json:
    """The installation owners: "0" is the server that invited the application (0 for its own DMs), "1" the user."""
    if channel.members_app:
        return {"1": user.id}
    return {"0": "0" if channel.type is ChannelType.DM else channel.guild_id}
