"""Every command and its autocompletes have the same access rule."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import app_commands
from discord.app_commands import Choice
from discord.http import Route

from bot.client import EXTENSIONS, ImagineBot
from bot.domain.errors import Refusal
from bot.ui.access import Audience, audience_of
from tests.interactions.test_permissions import ALICE, interaction

MESSAGES, SERVER = 1 << 13, 1 << 5
DOCUMENTED = {
    Audience.OWNERS: {"owner status", "owner pause", "owner resume"},
    Audience.MANAGERS: {
        "quotas set", "quotas cap", "quotas remove", "quotas reset", "settings show", "settings words add",
        "settings words remove", "settings words list", "settings words test",
    },
    Audience.MODERATORS: {
        "quotas list", "block", "unblock", "blocks", "Remove picture", "usage overview", "usage member", "usage top",
        "usage jobs", "usage errors", "usage audit", "usage export",
    },
}  # fmt: skip
"""As docs/moderators.md and docs/operations.md have it; all others are for everyone."""
_numbers = iter(range(70_000, 90_000))


class _Services:
    """Services that record which one was called."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "owners":
            return SimpleNamespace(check=self._no_owner)
        if name.startswith("__"):
            raise AttributeError(name)
        return _Service(name, self.reached)

    @staticmethod
    def _no_owner(_: int) -> None:
        raise Refusal("owners_only")


class _Service:
    """One service; each call is recorded, and finds nothing."""

    def __init__(self, name: str, reached: list[str]) -> None:
        self._name, self._reached = name, reached

    def __getattr__(self, method: str) -> Any:
        async def found(*_: object, **__: object) -> Any:
            self._reached.append(f"{self._name}.{method}")
            return _Rules()

        return found


class _Rules(list[Any]):
    """No styles, quotas or rules."""

    words = ()


async def nothing(*_: object) -> None:
    """Test without a login."""


@pytest.fixture
async def bot(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ImagineBot]:
    """The bot with all its commands, not connected; responses are collected in its `told`."""
    components: Any = SimpleNamespace(services=_Services())
    made = ImagineBot(api_url=Route.BASE, build=lambda _: components, last_synced=nothing, remember_synced=nothing)
    told: list[Any] = []
    cast(Any, made).told = told

    async def autocomplete(_: object, choices: list[Choice[Any]]) -> None:
        told.append(choices)

    async def answer(_: object, error: Exception) -> None:
        told.append(error.code if isinstance(error, Refusal) else error)

    monkeypatch.setattr(discord.InteractionResponse, "autocomplete", autocomplete)
    monkeypatch.setattr("bot.client.answer_error", answer)
    async with made:
        for extension in EXTENSIONS:
            await made.load_extension(extension)
        yield made


def used(
    bot: ImagineBot, command: Any, permissions: int, *, option: Any = None, **place: Any
) -> discord.Interaction[Any]:
    """An interaction with a command, or an autocomplete of one of its options."""
    names = command.qualified_name.split(" ")
    inner: list[dict[str, Any]] = []
    if option is not None:
        value: Any = "" if option.type is discord.AppCommandOptionType.string else "1"
        inner = [{"name": option.display_name, "type": option.type.value, "value": value, "focused": True}]
    for position, name in enumerate(reversed(names[1:])):
        inner = [{"name": name, "type": 1 if position == 0 else 2, "options": inner}]
    data = {"id": "4", "name": names[0], "type": 1, "options": inner}
    member: dict[str, Any] = {"user": ALICE, "roles": [], "permissions": str(permissions), "flags": 0}
    kind = 2 if option is None else 4
    made = interaction(id=str(next(_numbers)), type=kind, data=data, **{"member": member, **place})
    made._client = bot
    made._state = bot._connection
    return made


def commands_of(bot: ImagineBot) -> list[app_commands.Command[Any, ..., Any]]:
    """Every executable slash command."""
    return [command for command in bot.tree.walk_commands() if isinstance(command, app_commands.Command)]


async def test_commands_have_the_documented_access(bot: ImagineBot) -> None:
    """A new one is added to a list above, or is for everyone."""
    found: dict[Audience, set[str]] = {}
    menus = bot.tree.get_commands(type=discord.AppCommandType.message)
    everything: list[Any] = [*commands_of(bot), *menus]
    for command in everything:
        found.setdefault(audience_of(command), set()).add(command.qualified_name)
    found.pop(Audience.EVERYONE)
    assert found == DOCUMENTED


@pytest.mark.parametrize(
    ("permissions", "place", "refused"),
    [
        (0, {}, {Audience.MANAGERS: "managers_only", Audience.OWNERS: "owners_only"}),
        (MESSAGES, {}, {Audience.MANAGERS: "managers_only", Audience.OWNERS: "owners_only"}),
        (MESSAGES | SERVER, {}, {Audience.OWNERS: "owners_only"}),
        (
            0,
            {"guild_id": None, "guild": None, "member": None},
            {
                Audience.MODERATORS: "servers_only_here",
                Audience.MANAGERS: "servers_only_here",
                Audience.OWNERS: "owners_only",
            },
        ),
    ],
    ids=["member", "moderator", "manager", "direct messages"],
)
async def test_autocomplete_has_the_access_of_its_command(
    bot: ImagineBot, permissions: int, place: dict[str, Any], refused: dict[Audience, str]
) -> None:
    """For each: a member who is refused the command gets no proposals, and nothing is looked up."""
    services, told = cast(Any, bot.services), cast(Any, bot).told
    tried = 0
    for command in commands_of(bot):
        code = refused.get(audience_of(command))
        told.clear()
        admitted = await bot.tree.interaction_check(used(bot, command, permissions, **place))
        assert (admitted, told) == (code is None, [] if code is None else [code]), command.qualified_name
        for option in command._params.values():
            if option.autocomplete is None:
                continue
            tried += 1
            told.clear()
            services.reached.clear()
            await bot.tree._call(used(bot, command, permissions, option=option, **place))
            assert len(told) == 1, command.qualified_name
            if code is not None:
                assert (told, services.reached) == ([[]], []), command.qualified_name
    assert tried >= 10


async def test_autocomplete_reads_rules_for_members_with_permission(bot: ImagineBot) -> None:
    """So the refusal above does not apply to everyone."""
    [remove] = [command for command in commands_of(bot) if command.qualified_name == "settings words remove"]
    [option] = remove._params.values()
    await bot.tree._call(used(bot, remove, SERVER, option=option))
    assert cast(Any, bot.services).reached == ["guild_rules.of"]
