"""The application's registered commands, global and per guild."""

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.discord.command_rules import check_all
from sandbox.discord.errors import unknown_command
from sandbox.discord.hub import Kind
from sandbox.discord.model import Json

if TYPE_CHECKING:
    from sandbox.discord.world import World

Key = tuple[int, str]


class CommandRegistry:
    """Commands by scope (None is global), type and name."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._scopes: dict[str | None, dict[Key, Json]] = {}
        self.bulk_updates = 0

    def of(self, scope: str | None) -> list[Json]:
        """A scope's commands as the API returns them."""
        return list(self._scopes.get(scope, {}).values())

    def all(self) -> Iterator[Json]:
        """Every command, the guild's before the global ones."""
        for scope in sorted(self._scopes, key=lambda name: name is None):
            yield from self.of(scope)

    def replace(self, scope: str | None, bodies: list[Json]) -> list[Json]:
        """Bulk overwrite; a command that keeps its name and type keeps its id."""
        check_all(bodies)
        before = self._scopes.get(scope, {})
        self._scopes[scope] = {_key(body): self._made(body, scope, before.get(_key(body))) for body in bodies}
        self.bulk_updates += 1
        self._world.hub.tell(Kind.COMMANDS_CHANGED)
        return self.of(scope)

    def create(self, scope: str | None, body: Json) -> tuple[Json, bool]:
        """Add or overwrite one command; also says whether it is new."""
        commands = self._scopes.setdefault(scope, {})
        before = commands.get(_key(body))
        check_all([body, *(other for key, other in commands.items() if key != _key(body))])
        commands[_key(body)] = made = self._made(body, scope, before)
        self._world.hub.tell(Kind.COMMANDS_CHANGED)
        return made, before is None

    def edit(self, scope: str | None, command_id: str, changes: Json) -> Json:
        """Change one command."""
        command = self.get(scope, command_id)
        body = {**command, **changes}
        commands = self._scopes[scope]
        check_all([body, *(other for other in commands.values() if other is not command)])
        del commands[_key(command)]
        commands[_key(body)] = made = self._made(body, scope, command)
        self._world.hub.tell(Kind.COMMANDS_CHANGED)
        return made

    def delete(self, scope: str | None, command_id: str) -> None:
        """Remove one command."""
        del self._scopes[scope][_key(self.get(scope, command_id))]
        self._world.hub.tell(Kind.COMMANDS_CHANGED)

    def get(self, scope: str | None, command_id: str) -> Json:
        """One command by id. Raises 10063."""
        for command in self.of(scope):
            if command["id"] == command_id:
                return command
        raise unknown_command()

    def _made(self, body: Json, scope: str | None, before: Json | None) -> Json:
        """A command as the API returns it: the body, ids, and Discord's defaults for omitted fields."""
        kind = body.get("type") or 1
        permissions = body.get("default_member_permissions")
        made: Json = {
            "id": before["id"] if before else self._world.ids.next(),
            "application_id": self._world.application_id,
            "version": self._world.ids.next(),
            "type": kind,
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "default_member_permissions": None if permissions is None else str(permissions),
            "nsfw": bool(body.get("nsfw")),
        }
        if body.get("options"):
            made["options"] = copy.deepcopy(body["options"])
        if scope is not None:
            return {**made, "guild_id": scope}
        contexts = body.get("contexts")
        if contexts is None and body.get("dm_permission") is False:
            contexts = [0]
        return {
            **made,
            "dm_permission": contexts is None or 1 in contexts,
            "contexts": contexts,
            "integration_types": body.get("integration_types") or [0],
        }


def _key(body: Json) -> Key:
    return body.get("type") or 1, body["name"]
