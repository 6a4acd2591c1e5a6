"""The catalogue of all texts that members read, by key and language; `en.toml` is complete, the others may lack keys.

An entry is a sentence with named `{values}`, or a table of its forms by CLDR plural category (`one`, `few`, `other`…),
selected by the value `count`; the form `=1` is for exactly one in a language without a category for it, as in ICU
messages. A key that a language lacks is shown in English. Rules for plurals, lists and numbers are CLDR's (babel).
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Literal

from babel import Locale
from babel.lists import format_list
from babel.numbers import get_decimal_symbol, get_group_symbol

from bot.domain.credits import Credits, credits_number
from bot.domain.errors import Markup, Phrase
from bot.localization.escape import escaped_inline

LANGUAGES: Final = ("en", "es", "de", "ja")
LOCALES: Final = {"es-ES": "es", "es-419": "es", "de": "de", "ja": "ja"}
"""Discord's locales that are not answered in English."""
_FORMS: Final = frozenset({"=1", "zero", "one", "two", "few", "many", "other"})
_CLDR_LOCALES: Final = {"en": "en_GB"}
"""Locales other than the language itself: American English has a comma before the "and" of a list."""

Entry = str | Mapping[str, str]


class Words(string.Formatter):
    """The texts of one language: `words("card.ready_in", seconds=41)`.

    A number with a format (`{size:.1f}`) uses that language's separators. A `str` is a text of others and is escaped
    unless it is Markup; the result is Markup, which can be a value of another sentence.
    """

    def __init__(self, language: str, entries: Mapping[str, Entry], fallback: Words | None = None) -> None:
        self.language = language
        self._entries = entries
        self._fallback = fallback

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of this key; raises KeyError for one that English does not have."""
        return Markup(self.vformat(self.form(key, values.get("count")), (), values))

    def form(self, key: str, count: object = None, *, ordinal: bool = False) -> str:
        """The sentence of this key for a number; one from the fallback follows the fallback's plural rules."""
        if self._fallback is not None and key not in self._entries:
            return self._fallback.form(key, count, ordinal=ordinal)
        entry = self._entries[key]
        if isinstance(entry, str):
            return entry
        if not isinstance(count, int | float | Decimal):
            return entry["other"]
        if count == 1 and "=1" in entry:
            return entry["=1"]
        category = self._locale.ordinal_form(count) if ordinal else self._locale.plural_form(count)
        return entry.get(category, entry["other"])

    def verbatim(self, key: str, /, **values: object) -> str:
        """The same for places where Discord renders no markup: labels, select options, titles, command names."""
        return self(key, **{name: Markup(value) if isinstance(value, str) else value for name, value in values.items()})

    def has(self, key: str) -> bool:
        """Whether there is a text for a key that is built from other data, such as an error's code."""
        return key in self._entries or (self._fallback is not None and self._fallback.has(key))

    def ordinal(self, number: int) -> str:
        """An ordinal number: `3rd` in English."""
        return Markup(self.vformat(self.form("number.ordinal", number, ordinal=True), (), {"number": number}))

    def credits(self, microcredits: int) -> str:
        """An amount of credits: `1 credit`, `1.33 credits`."""
        amount = credits_number(microcredits)
        return self("number.credits", count=Decimal(amount), amount=Markup(amount.translate(self._separators)))

    def listed(self, names: Sequence[str]) -> str:
        """`a, b and c`."""
        return self._joined([self.format_field(name, "") for name in names])

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value within a sentence: amounts, times, lists and phrases as text; numbers with the language's separators.

        A list is `a, b and c`, or with the format `or` a choice, `“a”, “b” or “c”`.
        """
        match value:
            case Phrase():
                return self(value)
            case Credits():
                return self.credits(value)
            case datetime():
                return f"<t:{int(value.timestamp())}:R>"  # counted down by the reader's own client
            case tuple() if format_spec == "or":
                return self._joined([self("number.quoted", name=name) for name in value], "or")
            case tuple():
                return self._joined([self.format_field(part, "") for part in value])
            case str() if not isinstance(value, Markup):
                return escaped_inline(value)
        text: str = super().format_field(value, format_spec)
        return text.translate(self._separators) if format_spec else text

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(_CLDR_LOCALES.get(self.language, self.language))

    @cached_property
    def _separators(self) -> dict[int, str]:
        return str.maketrans({",": get_group_symbol(self._locale), ".": get_decimal_symbol(self._locale)})

    def _joined(self, names: Sequence[str], style: Literal["standard", "or"] = "standard") -> Markup:
        return Markup(format_list(names, style=style, locale=self._locale))


def words_for(locale: str) -> Words:
    """The language for one of Discord's locales; English if there is none."""
    return _load(LOCALES.get(locale, "en"))


@cache
def _load(language: str) -> Words:
    return Words(language, entries_of(language), None if language == "en" else _load("en"))


@cache
def entries_of(language: str) -> Mapping[str, Entry]:
    """The entries of a language's own file, by key."""
    return _flat(tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8")))


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for name, entry in table.items():
        if isinstance(entry, str) or entry.keys() <= _FORMS:
            entries[prefix + name] = entry
        else:
            entries |= _flat(entry, f"{prefix}{name}.")
    return entries


ENGLISH: Final = _load("en")
