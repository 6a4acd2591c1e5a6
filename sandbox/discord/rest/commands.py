"""Endpoints of the application's commands, global and per guild."""

from sandbox.discord.errors import invalid_form, missing_access
from sandbox.discord.model import Json
from sandbox.discord.rest.call import Call, Endpoint, Reply


def _scope(call: Call) -> str | None:
    """None for global commands, else the guild's id. Raises 50001 for other applications and guilds."""
    if call.params["application_id"] != call.world.application_id:
        raise missing_access()
    guild_id = call.params.get("guild_id")
    if guild_id is not None and guild_id != call.world.guild.id:
        raise missing_access()
    return guild_id


async def listed(call: Call) -> Reply:
    """All commands of a scope."""
    return Reply(call.world.commands.of(_scope(call)))


async def replaced(call: Call) -> Reply:
    """Bulk overwrite."""
    scope = _scope(call)
    bodies = call.body if isinstance(call.body, list) else []
    return Reply(call.world.commands.replace(scope, [_named(body, index) for index, body in enumerate(bodies)]))


async def created(call: Call) -> Reply:
    """Create or overwrite a command: 201 for a new one, 200 otherwise."""
    command, is_new = call.world.commands.create(_scope(call), _named(call.json, 0))
    return Reply(command, status=201 if is_new else 200)


async def one(call: Call) -> Reply:
    """One command."""
    return Reply(call.world.commands.get(_scope(call), call.params["command_id"]))


async def edited(call: Call) -> Reply:
    """Change one command."""
    return Reply(call.world.commands.edit(_scope(call), call.params["command_id"], call.json))


async def deleted(call: Call) -> Reply:
    """Remove one command."""
    call.world.commands.delete(_scope(call), call.params["command_id"])
    return Reply(status=204)


def _named(body: Json, index: int) -> Json:
    if not body.get("name"):
        raise invalid_form({f"{index}.name": ("BASE_TYPE_REQUIRED", "This field is required")})
    return body


def _endpoints(base: str) -> tuple[Endpoint, ...]:
    single = base + "/{command_id}"
    return (
        Endpoint(method="GET", template=base, handler=listed),
        Endpoint(method="PUT", template=base, handler=replaced),
        Endpoint(method="POST", template=base, handler=created),
        Endpoint(method="GET", template=single, handler=one),
        Endpoint(method="PATCH", template=single, handler=edited),
        Endpoint(method="DELETE", template=single, handler=deleted),
    )


ENDPOINTS = (
    *_endpoints("/applications/{application_id}/commands"),
    *_endpoints("/applications/{application_id}/guilds/{guild_id}/commands"),
)
