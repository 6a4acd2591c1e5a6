"""Endpoints of channels and their messages, which require the bot's token and permissions."""

from sandbox.discord.errors import cannot_dm, missing_access, missing_permissions, not_own_message
from sandbox.discord.model import Channel, ChannelType, Json, StoredMessage
from sandbox.discord.permissions import Permission
from sandbox.discord.render import channel_json
from sandbox.discord.render_message import message_json
from sandbox.discord.rest.call import Call, Endpoint, Reply

_MAX_PAGE = 100


def _channel(call: Call, *needed: Permission) -> Channel:
    """The channel, if the bot sees it and has the permissions. Raises 10003, 50001 or 50013."""
    channel = call.world.channel_by_id(call.params["channel_id"])
    granted = call.world.bot_permissions(channel)
    if not granted & Permission.VIEW_CHANNEL:
        raise missing_access()
    if any(not granted & permission for permission in needed):
        raise missing_permissions()
    return channel


def _message(call: Call, *needed: Permission) -> StoredMessage:
    return call.world.messages.public(_channel(call, *needed).id, call.params["message_id"])


def _channel_to_send(call: Call, *needed: Permission) -> Channel:
    """The channel, if the bot may post there; threads need a separate permission."""
    channel = call.world.channel_by_id(call.params["channel_id"])
    thread = channel.type is ChannelType.PUBLIC_THREAD
    return _channel(call, Permission.SEND_MESSAGES_IN_THREADS if thread else Permission.SEND_MESSAGES, *needed)


async def get_channel(call: Call) -> Reply:
    """One channel."""
    return Reply(channel_json(_channel(call)))


async def edit_channel(call: Call) -> Reply:
    """Change a channel's name, topic or age restriction, which requires Manage Channels."""
    channel = _channel(call, Permission.MANAGE_CHANNELS)
    body: Json = call.json
    channel.name = body.get("name", channel.name)
    channel.topic = body.get("topic", channel.topic)
    channel.nsfw = bool(body.get("nsfw", channel.nsfw))
    call.world.announce_channel(channel)
    return Reply(channel_json(channel))


async def list_messages(call: Call) -> Reply:
    """A page of messages, newest first."""
    channel = _channel(call, Permission.READ_MESSAGE_HISTORY)
    found = [message for message in call.world.messages.of_channel(channel.id) if message.ephemeral_to is None]
    limit = min(call.integer("limit", 50), _MAX_PAGE)
    if "before" in call.query:
        found = [message for message in found if int(message.id) < call.integer("before", 0)]
    if "after" in call.query:
        found = [message for message in found if int(message.id) > call.integer("after", 0)][:limit]
    return Reply([message_json(message, call.world) for message in reversed(found[-limit:])])


async def get_message(call: Call) -> Reply:
    """One message."""
    return Reply(message_json(_message(call, Permission.READ_MESSAGE_HISTORY), call.world))


async def create_message(call: Call) -> Reply:
    """Post a message. Raises 50007 if the recipient of a DM accepts none."""
    files = (Permission.ATTACH_FILES,) if call.uploads else ()
    channel = _channel_to_send(call, *files)
    if channel.type is ChannelType.DM and channel.recipient and not channel.recipient.accepts_dms:
        raise cannot_dm()
    message = call.world.messages.create(call.world.bot, channel, call.json, call.uploads)
    return Reply(message_json(message, call.world))


async def edit_message(call: Call) -> Reply:
    """Edit one of the bot's own messages."""
    message = _message(call)
    if message.author is not call.world.bot:
        raise not_own_message()
    call.world.messages.edit(message, call.json, call.uploads)
    return Reply(message_json(message, call.world))


async def delete_message(call: Call) -> Reply:
    """Delete a message; those of others require Manage Messages."""
    message = _message(call)
    if message.author is not call.world.bot:
        _channel(call, Permission.MANAGE_MESSAGES)
    call.world.messages.delete(message)
    return Reply(status=204)


async def typing(call: Call) -> Reply:
    """Accept a typing indicator; the sandbox doesn't show it."""
    _channel_to_send(call)
    return Reply(status=204)


_MESSAGES = "/channels/{channel_id}/messages"

ENDPOINTS = (
    Endpoint(method="GET", template="/channels/{channel_id}", handler=get_channel),
    Endpoint(method="PATCH", template="/channels/{channel_id}", handler=edit_channel),
    Endpoint(method="POST", template="/channels/{channel_id}/typing", handler=typing),
    Endpoint(method="GET", template=_MESSAGES, handler=list_messages),
    Endpoint(method="POST", template=_MESSAGES, handler=create_message),
    Endpoint(method="GET", template=_MESSAGES + "/{message_id}", handler=get_message),
    Endpoint(method="PATCH", template=_MESSAGES + "/{message_id}", handler=edit_message),
    Endpoint(method="DELETE", template=_MESSAGES + "/{message_id}", handler=delete_message),
)
