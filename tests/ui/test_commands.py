"""The commands as registered with Discord, in every language."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.http import Route

from bot.client import EXTENSIONS, ImagineBot
from bot.localization.catalogue import LOCALES, Entry, entries_of
from bot.localization.discord_locale import CatalogueTranslator, digest_of_phrases
from sandbox.discord.command_rules import check_all
from tests.support.openapi import discords_description

Json = dict[str, Any]
AREAS = ("command.", "option.", "choice.", "menu.")


class _Anything:
    """Services that are never called: the commands are inspected, not run."""

    def __getattr__(self, name: str) -> Any:
        return True


async def nothing(*_: object) -> None:
    """Test without a login."""


@pytest.fixture
async def bot() -> AsyncIterator[ImagineBot]:
    """The bot with all its commands, not connected."""
    components: Any = SimpleNamespace(services=_Anything())
    made = ImagineBot(api_url=Route.BASE, build=lambda _: components, last_synced=nothing, remember_synced=nothing)
    async with made:
        await made.tree.set_translator(CatalogueTranslator())
        for extension in EXTENSIONS:
            await made.load_extension(extension)
        yield made


async def payloads(bot: ImagineBot) -> list[Json]:
    """The registered payloads."""
    return [
        await command.get_translated_payload(bot.tree, CatalogueTranslator()) for command in bot.tree.get_commands()
    ]


def inside(body: Json) -> Iterator[Json]:
    """A command's subcommands, options and choices, at any depth."""
    for part in [*body.get("options", []), *body.get("choices", [])]:
        yield part
        yield from inside(part)


async def test_commands_are_what_discord_accepts_in_every_language(bot: ImagineBot) -> None:
    """By Discord's OpenAPI description, and its separate rules for names and lengths."""
    bodies = await payloads(bot)
    check_all(bodies)
    assert discords_description().request_errors("PUT", "/applications/{application_id}/commands", bodies) == {}


async def test_every_command_text_is_translated(bot: ImagineBot) -> None:
    """Descriptions, options and choices.

    Slash command names are the same in all languages, so that members can help each other.
    """
    bodies = await payloads(bot)
    slash = [body for body in bodies if body["type"] == discord.AppCommandType.chat_input.value]
    called = [part for body in slash for part in (body, *inside(body)) if part.get("type") in {1, 2} or part in slash]
    assert [body["name"] for body in called if body["name_localizations"]] == []
    described = [part for body in slash for part in (body, *inside(body)) if "description" in part]
    assert [part["name"] for part in described if set(part["description_localizations"]) != set(LOCALES)] == []
    named = [part for body in bodies for part in (body, *inside(body)) if part not in called]
    assert [part["name"] for part in named if set(part["name_localizations"]) != set(LOCALES)] == []


async def test_option_names_are_unique_within_a_command(bot: ImagineBot) -> None:
    """In every language; and in English equal to the parameter."""
    for body in await payloads(bot):
        for part in (body, *inside(body)):
            for locale in LOCALES:
                names = [option["name_localizations"].get(locale) for option in part.get("options", [])]
                assert len({name for name in names if name}) == len([name for name in names if name]), part["name"]
    for command in bot.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            assert [parameter.display_name for parameter in command.parameters] == [p.name for p in command.parameters]


async def test_every_command_text_is_used(bot: ImagineBot) -> None:
    """An entry that no command shows would be translated for nothing."""
    shown = {
        part[key]
        for body in await payloads(bot)
        for part in (body, *inside(body))
        for key in ("name", "description")
        if key in part
    }
    unused = [
        key
        for key, entry in entries_of("en").items()
        if key.startswith(AREAS) and "{" not in str(entry) and entry not in shown
    ]
    assert unused == []


def test_registration_digest_covers_every_language() -> None:
    """Another command text in one language changes the digest; another text of a card does not."""

    def entries(key: str, language: str) -> Mapping[str, Entry]:
        return {**entries_of(language), **({key: "anders"} if language == "de" else {})}

    assert digest_of_phrases(partial(entries, "command.imagine")) != digest_of_phrases()
    assert digest_of_phrases(partial(entries, "card.ready")) == digest_of_phrases()


def test_commands_have_a_stable_digest(bot: ImagineBot) -> None:
    """Otherwise they would be registered at every start."""
    assert bot._digest_of_commands() == bot._digest_of_commands()
