"""Endpoints about the bot itself: user, guilds, application, gateway address, DMs."""

from sandbox.discord.errors import unknown_user
from sandbox.discord.model import ChannelType
from sandbox.discord.permissions import permissions_of
from sandbox.discord.render import channel_json, guild_json, own_user_json, user_json
from sandbox.discord.rest.call import Call, Endpoint, Reply


async def gateway(call: Call) -> Reply:
    """The gateway's URL."""
    return Reply({"url": call.gateway_url})


async def gateway_bot(call: Call) -> Reply:
    """The gateway's URL, and how many shards Discord recommends."""
    limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    return Reply({"url": call.gateway_url, "shards": call.world.recommended_shards, "session_start_limit": limit})


async def me(call: Call) -> Reply:
    """The bot's own user."""
    return Reply(own_user_json(call.world.bot))


async def my_guilds(call: Call) -> Reply:
    """The bot's guilds."""
    guild = guild_json(call.world.guild)
    kept = {key: guild[key] for key in ("id", "name", "icon", "banner", "features")}
    permissions = permissions_of(call.world.guild, call.world.guild.members[call.world.bot.id])
    return Reply([{**kept, "owner": False, "permissions": str(permissions)}])


async def application(call: Call) -> Reply:
    """The application and its owner."""
    return Reply(call.world.application_json())


async def user(call: Call) -> Reply:
    """Any user by id."""
    found = call.world.users.get(call.params["user_id"])
    if found is None:
        raise unknown_user()
    return Reply(user_json(found))


async def open_dm(call: Call) -> Reply:
    """Open the DM with a user."""
    recipient = call.world.users.get(str(call.json.get("recipient_id")))
    if recipient is None or recipient.bot:
        raise unknown_user()
    channel = call.world.dm(recipient)
    if channel.type is not ChannelType.DM:
        raise unknown_user()
    return Reply(channel_json(channel))


ENDPOINTS = (
    Endpoint(method="GET", template="/gateway", handler=gateway, authorised=False),
    Endpoint(method="GET", template="/gateway/bot", handler=gateway_bot),
    Endpoint(method="GET", template="/users/@me", handler=me),
    Endpoint(method="GET", template="/users/@me/guilds", handler=my_guilds),
    Endpoint(method="GET", template="/applications/@me", handler=application),
    Endpoint(method="GET", template="/oauth2/applications/@me", handler=application),
    Endpoint(method="GET", template="/users/{user_id}", handler=user),
    Endpoint(method="POST", template="/users/@me/channels", handler=open_dm),
)
