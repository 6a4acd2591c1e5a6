"""Registering commands, and which ones Discord refuses."""

from typing import Any

import pytest

from sandbox.discord import DiscordServer, World
from tests.sandbox.conftest import Api
from tests.sandbox.payloads import COMMANDS


@pytest.fixture
def path(world: World) -> str:
    """The global commands' path."""
    return f"/applications/{world.application_id}/commands"


def slash(name: str = "x", **more: Any) -> dict[str, Any]:
    """A slash command."""
    return {"name": name, "description": "d", **more}


def option(name: str, kind: int = 3, **more: Any) -> dict[str, Any]:
    """An option."""
    return {"type": kind, "name": name, "description": "d", **more}


_REFUSED: dict[str, list[dict[str, Any]]] = {
    "upper case": [slash("Imagine")],
    "blank in the name": [slash("a b")],
    "no description": [{"name": "x"}],
    "description over 100": [slash(description="x" * 101)],
    "duplicate commands": [slash(), slash()],
    "duplicate options": [slash(options=[option("a"), option("a")])],
    "required after optional": [slash(options=[option("a"), option("b", required=True)])],
    "26 options": [slash(options=[option(f"o{n}") for n in range(26)])],
    "26 choices": [slash(options=[option("a", choices=[{"name": str(n), "value": str(n)} for n in range(26)])])],
    "choices with autocomplete": [
        slash(options=[option("a", autocomplete=True, choices=[{"name": "n", "value": "v"}])])
    ],
    "subcommand beside option": [slash(options=[option("a", 1), option("b")])],
    "101 commands": [slash(f"c{n}") for n in range(101)],
    "6 message commands": [{"name": f"M {n}", "type": 3} for n in range(6)],
    "a described user command": [{"name": "Who", "type": 2, "description": "d"}],
    "an unknown locale": [slash(name_localizations={"xx": "y"})],
    "over 8000 characters": [
        slash(
            f"c{n}",
            options=[
                option(
                    f"o{m}",
                    description="x" * 100,
                    choices=[{"name": "n" * 100 + str(c), "value": "v" * 100 + str(c)} for c in range(4)],
                )
                for m in range(10)
            ],
        )
        for n in range(1)
    ],
}


@pytest.mark.parametrize("bodies", _REFUSED.values(), ids=_REFUSED.keys())
async def test_invalid_commands_are_refused_together(
    api: Api, path: str, world: World, bodies: list[dict[str, Any]]
) -> None:
    """50035 for the whole set, and none of it is registered."""
    answer = await api.call("PUT", path, bodies)
    assert (answer.status, answer.code) == (400, 50035)
    assert world.commands.of(None) == []


async def test_a_bulk_overwrite_keeps_ids_and_drops_the_rest(api: Api, path: str) -> None:
    """A command keeps its id while its name stays; the version is incremented."""
    first = (await api.call("PUT", path, [slash("a"), slash("b")])).body
    second = (await api.call("PUT", path, [slash("a", description="new")])).body
    assert [command["name"] for command in second] == ["a"]
    assert second[0]["id"] == first[0]["id"]
    assert int(second[0]["version"]) > int(first[0]["version"])
    assert (await api.call("GET", path)).body == second


async def test_single_commands_are_created_changed_and_deleted(api: Api, path: str) -> None:
    """201 for a new one, 200 for the same name again, then PATCH, GET, DELETE and 10063."""
    created = await api.call("POST", path, slash("a"))
    again = await api.call("POST", path, slash("a", description="again"))
    one = f"{path}/{created.body['id']}"
    changed = await api.call("PATCH", one, {"description": "changed"})
    assert [created.status, again.status] == [201, 200]
    assert (changed.body["description"], (await api.call("GET", one)).body) == ("changed", changed.body)
    assert (await api.call("DELETE", one)).status == 204
    gone = await api.call("GET", one)
    assert (gone.status, gone.code) == (404, 10063)


async def test_guild_commands_are_a_separate_scope(api: Api, path: str, world: World) -> None:
    """The same name may exist globally and in the guild, each with its id."""
    guild_path = path.replace("/commands", f"/guilds/{world.guild.id}/commands")
    (everywhere,) = (await api.call("PUT", path, [slash("a")])).body
    (here,) = (await api.call("PUT", guild_path, [slash("a")])).body
    assert everywhere["id"] != here["id"]
    assert (here["guild_id"], "guild_id" in everywhere) == (world.guild.id, False)


async def test_real_looking_commands_register_without_violation(
    api: Api, path: str, discord_server: DiscordServer
) -> None:
    """Options of all kinds, subcommands, groups, context menus, permissions and contexts."""
    answer = await api.call("PUT", path, COMMANDS)
    assert (answer.status, len(answer.body), discord_server.violations) == (200, len(COMMANDS), [])
    settings = next(command for command in answer.body if command["name"] == "settings")
    assert (settings["default_member_permissions"], settings["contexts"]) == ("32", [0])


async def test_foreign_application_is_not_accessible(api: Api) -> None:
    """50001 for another application's commands."""
    answer = await api.call("GET", "/applications/5/commands")
    assert (answer.status, answer.code) == (403, 50001)
