"""The catalogue as discord.py needs it: the reader's language, and commands that Discord shows in each member's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import discord
from discord import app_commands

from bot.localization.catalogue import ENGLISH, LANGUAGES, LOCALES, Entry, Words, entries_of, words_for

T = TypeVar("T")
_AREAS: Final = ("command.", "option.", "choice.", "menu.")
"""What of the catalogue Discord itself shows."""


def words_of(interaction: discord.Interaction[Any]) -> Words:
    """The language of the member who acted, for what they alone read."""
    return words_for(interaction.locale.value)


def phrase(key: str, **values: object) -> app_commands.locale_str:
    """Words of a command that Discord itself shows: English by default, translated when commands are registered."""
    return app_commands.locale_str(ENGLISH.verbatim(key, **values), key=key, values=values)


def menu_entry(key: str, callback: Any) -> app_commands.ContextMenu:  # discord.py knows the kind by the callback
    """An entry of the Apps menu; `/help` finds its words by their key."""
    return app_commands.ContextMenu(name=phrase(key), callback=callback, extras={"phrase": key})


@dataclass(frozen=True, slots=True)
class Option:
    """How an option of a command is called and what it is for."""

    name: app_commands.locale_str
    hint: app_commands.locale_str


def option(key: str, **values: object) -> Option:
    """An option by its key in the catalogue's table `option`. Its English name is that of the parameter."""
    return Option(phrase(f"option.{key}.name", **values), phrase(f"option.{key}.hint", **values))


def worded(**options: Option) -> Callable[[T], T]:
    """Give a command's parameters their names and hints in every language."""
    named = app_commands.rename(**{parameter: option.name for parameter, option in options.items()})
    described = app_commands.describe(**{parameter: option.hint for parameter, option in options.items()})
    return lambda callback: named(described(callback))


class CatalogueTranslator(app_commands.Translator):
    """Gives Discord the catalogue's languages; every other locale sees English."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002 - discord.py passes all three
    ) -> str | None:
        """The phrase in this locale; None where Discord shall show the English one."""
        if "key" not in string.extras or locale.value not in LOCALES:
            return None
        return words_for(locale.value).verbatim(string.extras["key"], **string.extras["values"])


def digest_of_phrases(entries: Callable[[str], Mapping[str, Entry]] = entries_of) -> str:
    """Equal for equal words of commands in every language.

    discord.py would translate each word for each of Discord's thirty languages to say as much.
    """
    shown = {
        language: {key: entry for key, entry in entries(language).items() if key.startswith(_AREAS)}
        for language in LANGUAGES
    }
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
