"""What one member sees, as JSON for the page: messages are exactly as a Discord client would receive them."""

import itertools
from typing import Any

from sandbox.discord import World
from sandbox.discord.model import Channel, ChannelType, StoredMessage, User
from sandbox.discord.permissions import Permission
from sandbox.discord.render_message import message_json

MEMBERS = ("alice", "bob", "mod")
# A client shows the latest messages of a channel, not all of them.
SHOWN_MESSAGES = 50

Json = dict[str, Any]


def channels_of(world: World, viewer: User) -> dict[str, Channel]:
    """The channels that a member can open, by the page's key for them; "dm" is their own DM with the bot."""
    *shared, dm = world.open_to(viewer)
    return {channel.name: channel for channel in shared} | {"dm": dm}


def sees(viewer: User, message: StoredMessage) -> bool:
    """Whether a message in one of the member's channels is visible to them."""
    return message.ephemeral_to in (None, viewer.id)


def message_view(world: World, message: StoredMessage) -> Json:
    """A message as clients receive it, with the command that it answers."""
    body = message_json(message, world)
    interaction = world.interactions.get((body.get("interaction_metadata") or {}).get("id", ""))
    if interaction is not None and interaction.type == _COMMAND:
        body["command_name"] = _command_name(interaction.data)
    return body


_COMMAND = 2
_SLASH = 1
_SUBCOMMANDS = (1, 2)


def _command_name(data: Json) -> str:
    """A slash command with its subcommand, as "/usage overview"; a context menu's command by its plain name."""
    if data["type"] != _SLASH:
        return str(data["name"])
    parts, level = [data["name"]], data
    while (options := level.get("options")) and options[0]["type"] in _SUBCOMMANDS:
        level = options[0]
        parts.append(level["name"])
    return "/" + " ".join(parts)


def history(world: World, viewer: User, channel: Channel) -> list[Json]:
    """The latest messages of a channel that a member sees, oldest first."""
    newest_first = reversed([message for message in world.messages.of_channel(channel.id) if sees(viewer, message)])
    return [message_view(world, message) for message in reversed(list(itertools.islice(newest_first, SHOWN_MESSAGES)))]


def everything(world: World, viewer: User, cdn_host: str) -> Json:
    """The full state for a page that connects for the first time, or again after a lost connection."""
    channels = channels_of(world, viewer)
    return {
        "cdnHost": cdn_host,
        "botId": world.bot.id,
        "members": [_member(world, world.user(name)) for name in MEMBERS],
        "users": {user.id: {"name": _name(user), "bot": user.bot} for user in world.users.values()},
        "roles": {role.id: {"name": role.name.lstrip("@")} for role in world.guild.roles.values()},
        "channels": [_channel(world, key, channel) for key, channel in channels.items()],
        "messages": {key: history(world, viewer, channel) for key, channel in channels.items()},
    }


def _name(user: User) -> str:
    return user.global_name or user.username


def _member(world: World, user: User) -> Json:
    moderates = world.permissions(user, world.guild_channels()[0]) & Permission.MANAGE_MESSAGES
    role = "moderator" if moderates else "member"
    return {"key": user.username, "id": user.id, "name": _name(user), "role": role}


_KINDS = {
    ChannelType.GUILD_TEXT: "text",
    ChannelType.GUILD_VOICE: "voice",
    ChannelType.PUBLIC_THREAD: "thread",
    ChannelType.GROUP_DM: "group",
    ChannelType.DM: "dm",
}


def _forum_name(world: World, channel: Channel) -> str | None:
    """The name of the forum that a post belongs to; None for other channels."""
    parent = world.channels.get(channel.parent_id or "")
    return parent.name if parent and parent.type is ChannelType.GUILD_FORUM else None


def _channel(world: World, key: str, channel: Channel) -> Json:
    return {
        "key": key,
        "id": channel.id,
        "name": channel.name or world.bot.username,
        "kind": _KINDS[channel.type],
        "home": channel.guild_id == world.guild.id,
        "forum": _forum_name(world, channel),
        "topic": channel.topic or "",
        "nsfw": channel.nsfw,
    }
