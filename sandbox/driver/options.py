"""Convert what a member types to an interaction's options, validated as Discord's client validates it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord.model import Channel, Json
from sandbox.discord.permissions import permissions_of
from sandbox.discord.render import channel_json, member_json, role_json, user_json
from sandbox.discord.render_message import attachment_json, message_json
from sandbox.discord.world import World
from sandbox.driver.errors import DriverError

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)


@dataclass(slots=True)
class Resolved:
    """Collects the objects that an interaction refers to by id."""

    world: World
    data: Json = field(default_factory=dict)

    def user(self, name: str) -> str:
        """A user (with member and permissions in the guild) by name or id."""
        try:
            user = self.world.user(name)
        except KeyError as error:
            raise DriverError(str(error)) from error
        self.data.setdefault("users", {})[user.id] = user_json(user)
        if member := self.world.guild.members.get(user.id):
            granted = str(permissions_of(self.world.guild, member))
            about = {
                key: value for key, value in member_json(member, with_user=False).items() if key not in ("deaf", "mute")
            }
            self.data.setdefault("members", {})[user.id] = {**about, "permissions": granted}
        return user.id

    def role(self, name: str) -> str:
        """A role by name or id."""
        for role in self.world.guild.roles.values():
            if name in (role.id, role.name):
                self.data.setdefault("roles", {})[role.id] = role_json(role)
                return role.id
        raise DriverError(f"there is no role called {name!r}")

    def channel(self, name: str) -> str:
        """A channel by name or id."""
        try:
            channel = self.world.channel(name)
        except KeyError as error:
            raise DriverError(str(error)) from error
        self.data.setdefault("channels", {})[channel.id] = {**channel_json(channel), "permissions": "0"}
        return channel.id

    def mentionable(self, name: str) -> str:
        """A user or a role."""
        try:
            return self.user(name)
        except DriverError:
            return self.role(name)

    def message(self, message_id: str, channel: Channel) -> str:
        """A message of the channel in full: the target of a message command."""
        message = self.world.messages.find(message_id)
        if message is None or message.channel_id != channel.id:
            raise DriverError(f"there is no message {message_id} in that channel")
        self.data.setdefault("messages", {})[message.id] = message_json(message, self.world)
        return message.id

    def file(self, given: Any) -> str:
        """An upload given as (name, bytes), stored as Discord stores a member's attachment."""
        if not (isinstance(given, Sequence) and len(given) == 2 and isinstance(given[1], bytes)):
            raise DriverError("an attachment is given as (file name, bytes)")
        limit = self.world.reported_upload_limit
        if len(given[1]) > limit:
            raise DriverError(f"{given[0]} is larger than the {limit} bytes that this server takes")
        attachment = self.world.files.add_bytes(given[1], given[0], owner_id=self.world.application_id, ephemeral=True)
        self.data.setdefault("attachments", {})[attachment.id] = attachment_json(attachment, self.world.files)
        return attachment.id


def chosen_options(specs: list[Json], given: Mapping[str, Any], resolved: Resolved) -> list[Json]:
    """The options of a submitted command. Raises DriverError for what the client would not send."""
    _no_strangers(specs, given)
    chosen: list[Json] = []
    for spec in specs:
        name = spec["name"]
        if given.get(name) is None:
            if spec.get("required"):
                raise DriverError(f"option {name!r} is required")
            continue
        value = _checked(spec, given[name], resolved)
        chosen.append({"name": name, "type": spec["type"], "value": value})
    return chosen


def focused_options(
    specs: list[Json], given: Mapping[str, Any], focus: str, text: Any, resolved: Resolved
) -> list[Json]:
    """The options of an autocomplete request: those filled in so far, and the focused one as typed."""
    _no_strangers(specs, {**given, focus: text})
    chosen: list[Json] = []
    for spec in specs:
        if spec["name"] == focus:
            if not spec.get("autocomplete"):
                raise DriverError(f"option {focus!r} has no autocomplete")
            # Discord sends the focused value as typed: a string, even for numbers.
            chosen.append({"name": focus, "type": spec["type"], "value": str(text), "focused": True})
        elif given.get(spec["name"]) is not None:
            chosen.append(
                {"name": spec["name"], "type": spec["type"], "value": _checked(spec, given[spec["name"]], resolved)}
            )
    return chosen


def _no_strangers(specs: list[Json], given: Mapping[str, Any]) -> None:
    strangers = given.keys() - {spec["name"] for spec in specs}
    if strangers:
        raise DriverError(f"no such option: {', '.join(sorted(strangers))}")


def _checked(spec: Json, value: Any, resolved: Resolved) -> Any:
    kind, name = spec["type"], spec["name"]
    lookups = {USER: resolved.user, CHANNEL: resolved.channel, ROLE: resolved.role, MENTIONABLE: resolved.mentionable}
    if kind in lookups:
        return lookups[kind](str(value))
    if kind == ATTACHMENT:
        return resolved.file(value)
    wanted: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float)}
    # A bool is an int in Python, but not for Discord's client.
    if not isinstance(value, wanted[kind]) or (isinstance(value, bool) and kind != BOOLEAN):
        raise DriverError(f"option {name!r} takes {wanted[kind][-1].__name__}, not {value!r}")
    if spec.get("choices"):
        return _choice(spec, value)
    if isinstance(value, str):
        _in_range(name, len(value), spec.get("min_length"), spec.get("max_length", 6000), "characters")
    elif isinstance(value, int | float):
        _in_range(name, value, spec.get("min_value"), spec.get("max_value"), "")
    return value


def _choice(spec: Json, value: Any) -> Any:
    """The value of a choice, given by its value or by its displayed name."""
    for choice in spec["choices"]:
        if value in (choice["value"], choice["name"]):
            return choice["value"]
    names = ", ".join(str(choice["name"]) for choice in spec["choices"])
    raise DriverError(f"option {spec['name']!r} is one of {names}; not {value!r}")


def _in_range(name: str, value: float, low: float | None, high: float | None, unit: str) -> None:
    if (low is not None and value < low) or (high is not None and value > high):
        raise DriverError(f"option {name!r} must be from {low} to {high} {unit}".rstrip())
