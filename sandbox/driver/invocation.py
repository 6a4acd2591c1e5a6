"""Which commands Discord's client offers to whom, and the data that it sends for a chosen one."""

from sandbox.discord.model import Channel, Json, User
from sandbox.discord.permissions import Permission
from sandbox.discord.world import World
from sandbox.driver.errors import DriverError
from sandbox.driver.options import GROUP, SUBCOMMAND, Resolved

_USER_INSTALL = 1
SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3


def offered_commands(world: World, user: User, channel: Channel) -> list[Json]:
    """The registered commands that the client offers this user in this channel."""
    granted = world.permissions(user, channel)
    return [command for command in world.commands.all() if place_error(command, channel, granted, user) is None]


def find_command(world: World, user: User, channel: Channel, name: str, kind: int) -> Json:
    """The command with that name and kind. Raises DriverError if there is none, or the client would hide it."""
    granted = world.permissions(user, channel)
    if not channel.private and not granted & Permission.USE_APPLICATION_COMMANDS:
        raise DriverError(f"{user.username} may not use commands in {channel.name}")
    why = "is not registered"
    for command in world.commands.all():
        if (command["name"], command["type"]) == (name, kind):
            why = place_error(command, channel, granted, user) or ""
            if not why:
                return command
    raise DriverError(f"{name!r} {why}")


def descend(command: Json, steps: list[str]) -> tuple[list[Json], list[Json]]:
    """The subcommands along the path, and the options at its end."""
    specs: list[Json] = command.get("options") or []
    path: list[Json] = []
    for step in steps:
        spec = next((s for s in specs if s["name"] == step and s["type"] in (SUBCOMMAND, GROUP)), None)
        if spec is None:
            raise DriverError(f"/{command['name']} has no subcommand {step!r}")
        path.append(spec)
        specs = spec.get("options") or []
    if any(spec["type"] in (SUBCOMMAND, GROUP) for spec in specs):
        names = ", ".join(spec["name"] for spec in specs)
        raise DriverError(f"/{' '.join([command['name'], *steps])} needs a subcommand: {names}")
    return path, specs


def command_data(command: Json, path: list[Json], options: list[Json], resolved: Resolved) -> Json:
    """An interaction's `data`: options nested in their subcommands, and the resolved objects."""
    for spec in reversed(path):
        options = [{"name": spec["name"], "type": spec["type"], "options": options}]
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if options:
        data["options"] = options
    if resolved.data:
        data["resolved"] = resolved.data
    return {**data, "guild_id": command["guild_id"]} if command.get("guild_id") else data


def place_error(command: Json, channel: Channel, granted: int, user: User) -> str | None:
    """Why the client hides a command from this member here; None if it offers it."""
    contexts = command.get("contexts")
    if contexts is not None and channel.context not in contexts:
        return "is not offered in this kind of channel"
    if command.get("guild_id") and command["guild_id"] != channel.guild_id:
        return "belongs to the server"
    if channel.members_app and _USER_INSTALL not in command.get("integration_types", ()):
        return "is not for members to bring along"
    if channel.private:
        return None
    if command.get("nsfw") and not channel.nsfw:
        return "is for age-restricted channels"
    needed = command.get("default_member_permissions")
    if needed is not None and not _allowed(int(needed), granted):
        return f"needs permissions that {user.username} does not have"
    return None


def _allowed(needed: int, granted: int) -> bool:
    """Whether the permissions suffice; a default of 0 restricts a command to administrators."""
    administrator = bool(granted & 1 << 3)
    return administrator or (needed != 0 and granted & needed == needed)
