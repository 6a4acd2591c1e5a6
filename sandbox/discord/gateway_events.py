"""Maps what happens in the world to gateway events, for a session with given intents and shard."""

from sandbox.discord.hub import Happening, Kind
from sandbox.discord.model import Channel, ChannelType, Json, StoredMessage
from sandbox.discord.permissions import Permission
from sandbox.discord.render import channel_json, member_json
from sandbox.discord.render_message import mentioned_users, message_json
from sandbox.discord.world import World

GUILDS = 1 << 0
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15

_MESSAGE_EVENTS = {
    Kind.MESSAGE_CREATED: "MESSAGE_CREATE",
    Kind.MESSAGE_UPDATED: "MESSAGE_UPDATE",
    Kind.MESSAGE_DELETED: "MESSAGE_DELETE",
}

Event = tuple[str, Json]
Shard = tuple[int, int]


def events_for(world: World, happening: Happening, intents: int, shard: Shard) -> list[Event]:
    """The events to send; none if the session has not subscribed to them or another shard serves the channel."""
    if happening.kind is Kind.INTERACTION_CREATED and happening.interaction is not None:
        if not _on_shard(happening.interaction.channel, shard):
            return []
        return [("INTERACTION_CREATE", world.interactions.payload(happening.interaction))]
    if happening.kind in _MESSAGE_EVENTS and happening.message is not None:
        return _message_events(world, happening, happening.message, intents, shard)
    if happening.channel is not None and _on_shard(happening.channel, shard) and intents & GUILDS:
        is_dm = happening.channel.type is ChannelType.DM
        if happening.kind is Kind.CHANNEL_UPDATED and happening.channel.type is ChannelType.GUILD_TEXT:
            return [("CHANNEL_UPDATE", channel_json(happening.channel))]
        if happening.kind is Kind.CHANNEL_CREATED and is_dm:
            return [("CHANNEL_CREATE", channel_json(happening.channel))]
    return []


def _message_events(
    world: World, happening: Happening, message: StoredMessage, intents: int, shard: tuple[int, int]
) -> list[Event]:
    channel = world.channels[message.channel_id]
    wanted = intents & (DIRECT_MESSAGES if channel.type is ChannelType.DM else GUILD_MESSAGES)
    # Ephemeral messages are never sent to the bot over the gateway: it knows them from its own requests only.
    if not wanted or message.ephemeral_to is not None or not _on_shard(channel, shard):
        return []
    if not world.bot_permissions(channel) & Permission.VIEW_CHANNEL:
        return []
    where = {"guild_id": channel.guild_id} if channel.guild_id else {}
    if happening.kind is Kind.MESSAGE_DELETED:
        return [("MESSAGE_DELETE", {"id": message.id, "channel_id": channel.id, **where})]
    body = {**message_json(message, world), **where, "channel_type": int(channel.type)}
    if channel.guild_id and message.author.id in world.guild.members:
        body["member"] = member_json(world.guild.members[message.author.id], with_user=False)
    if not _may_read(world, message, channel, intents):
        body |= {"content": "", "embeds": [], "attachments": [], "components": []}
    return [(_MESSAGE_EVENTS[happening.kind], body)]


def _may_read(world: World, message: StoredMessage, channel: Channel, intents: int) -> bool:
    """Without the message-content intent a bot reads only its own messages, DMs, and messages that mention it."""
    own = message.author is world.bot or channel.type is ChannelType.DM
    return bool(own or intents & MESSAGE_CONTENT or world.bot in mentioned_users(message, world))


def _on_shard(channel: Channel, shard: Shard) -> bool:
    """A guild's id determines its shard; DMs belong to shard 0."""
    index, count = shard
    return (int(channel.guild_id) >> 22) % count == index if channel.guild_id else index == 0
