"""Endpoints of the guild, its members, roles and channels."""

from sandbox.discord.errors import missing_access, unknown_guild, unknown_member
from sandbox.discord.model import Guild
from sandbox.discord.render import channel_json, guild_json, member_json, role_json
from sandbox.discord.rest.call import Call, Endpoint, Reply

_GUILD_MEMBERS = 1 << 1


def _guild(call: Call) -> Guild:
    if call.params["guild_id"] != call.world.guild.id:
        raise unknown_guild()
    return call.world.guild


async def get_guild(call: Call) -> Reply:
    """The guild, with counts if asked for."""
    guild = _guild(call)
    body = guild_json(guild)
    if call.query.get("with_counts", "").lower() in ("1", "true"):
        body |= {"approximate_member_count": len(guild.members), "approximate_presence_count": len(guild.members)}
    return Reply(body)


async def list_members(call: Call) -> Reply:
    """Members by id, which requires the privileged intent, as on Discord."""
    guild = _guild(call)
    if not call.world.privileged_intents & _GUILD_MEMBERS:
        raise missing_access()
    after, limit = call.integer("after", 0), call.integer("limit", 1)
    found = sorted((m for m in guild.members.values() if int(m.user.id) > after), key=lambda m: int(m.user.id))
    return Reply([member_json(member) for member in found[:limit]])


async def get_member(call: Call) -> Reply:
    """One member."""
    member = _guild(call).members.get(call.params["user_id"])
    if member is None:
        raise unknown_member()
    return Reply(member_json(member))


async def list_roles(call: Call) -> Reply:
    """All roles."""
    return Reply([role_json(role) for role in _guild(call).roles.values()])


async def list_channels(call: Call) -> Reply:
    """All channels."""
    _guild(call)
    return Reply([channel_json(channel) for channel in call.world.guild_channels()])


async def default_sounds(_: Call) -> Reply:
    """No soundboard here; py-cord requests it on start."""
    return Reply([])


_BASE = "/guilds/{guild_id}"

ENDPOINTS = (
    Endpoint(method="GET", template=_BASE, handler=get_guild),
    Endpoint(method="GET", template=_BASE + "/members", handler=list_members),
    Endpoint(method="GET", template=_BASE + "/members/{user_id}", handler=get_member),
    Endpoint(method="GET", template=_BASE + "/roles", handler=list_roles),
    Endpoint(method="GET", template=_BASE + "/channels", handler=list_channels),
    Endpoint(method="GET", template="/soundboard-default-sounds", handler=default_sounds),
)
