"""Connects the catalogue to discord.py: the reader's language, and translations of command names and descriptions."""

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
"""The tables of the catalogue that Discord itself shows."""


def words_of(interaction: discord.Interaction[Any]) -> Words:
    """The language of the acting member, for texts that only they read."""
    return words_for(interaction.locale.value)


def phrase(key: str, **values: object) -> app_commands.locale_str:
    """A text of a command that Discord shows: English by default, translated when commands are registered."""
    return app_commands.locale_str(ENGLISH.verbatim(key, **values), key=key, values=values)


def menu_entry(key: str, callback: Any) -> app_commands.ContextMenu:  # discord.py knows the kind by the callback
    """An entry of the Apps menu; `/help` finds its texts by `key`."""
    return app_commands.ContextMenu(name=phrase(key), callback=callback, extras={"phrase": key})


@dataclass(frozen=True, slots=True)
class Option:
    """The name and the description of a command's option."""

    name: app_commands.locale_str
    hint: app_commands.locale_str


def option(key: str, **values: object) -> Option:
    """An option by its key in the catalogue's table `option`. Its English name is the parameter's."""
    return Option(phrase(f"option.{key}.name", **values), phrase(f"option.{key}.hint", **values))


def worded(**options: Option) -> Callable[[T], T]:
    """Set the names and descriptions of a command's parameters in every language."""
    named = app_commands.rename(**{parameter: option.name for parameter, option in options.items()})
    described = app_commands.describe(**{parameter: option.hint for parameter, option in options.items()})
    return lambda callback: named(described(callback))


class CatalogueTranslator(app_commands.Translator):
    """Translates for Discord into the catalogue's languages; every other locale uses English."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002 - discord.py passes all three
    ) -> str | None:
        """The phrase in this locale; None to use the English one."""
        if "key" not in string.extras or locale.value not in LOCALES:
            return None
        return words_for(locale.value).verbatim(string.extras["key"], **string.extras["values"])


def digest_of_phrases(entries: Callable[[str], Mapping[str, Entry]] = entries_of) -> str:
    """A digest of all command texts in every language, to find out whether they changed.

    discord.py would translate each text into each of Discord's thirty languages for that.
    """
    shown = {
        language: {key: entry for key, entry in entries(language).items() if key.startswith(_AREAS)}
        for language in LANGUAGES
    }
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
