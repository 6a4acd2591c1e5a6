"""Every word that a member reads, by key and language: `en.toml` has all of them, the others what is translated.

An entry is a sentence with named `{values}`, or a table of its forms by number (`one`, `other`), chosen by the value
`count`. What a language lacks is said in English.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from bot.domain.credits import Credits, credits_number
from bot.domain.errors import Markup, Phrase
from bot.localization.escape import escaped_inline

LANGUAGES: Final = ("en", "es", "de", "ja")
LOCALES: Final = {"es-ES": "es", "es-419": "es", "de": "de", "ja": "ja"}
"""Discord's locales that are not answered in English."""
_FORMS: Final = frozenset({"one", "two", "few", "other"})

Entry = str | Mapping[str, str]


class Words(string.Formatter):
    """One language: `words("card.ready_in", seconds=41)`.

    A number with a format (`{size:.1f}`) is written as that language writes numbers. A `str` is somebody else's text
    and escaped, unless it is Markup; what comes out is Markup, to be a value of another sentence.
    """

    def __init__(self, language: str, entries: Mapping[str, Entry]) -> None:
        self.language = language
        self._entries = entries
        self._separators = str.maketrans({",": self("number.thousands"), ".": self("number.decimal")})

    def __call__(self, key: str, /, **values: object) -> str:
        """The words of this key; raises KeyError for one that English does not have."""
        return Markup(self.vformat(_form(self._entries[key], values.get("count")), (), values))

    def verbatim(self, key: str, /, **values: object) -> str:
        """The same for places where Discord obeys no markup: labels, options of selects, titles, names of commands."""
        return self(key, **{name: Markup(value) if isinstance(value, str) else value for name, value in values.items()})

    def has(self, key: str) -> bool:
        """Whether there are words for a key that comes from elsewhere: an error's code, say."""
        return key in self._entries

    def ordinal(self, number: int) -> str:
        """`3rd`, and what other languages write for it."""
        ending = "other" if number % 100 in {11, 12, 13} else {1: "one", 2: "two", 3: "few"}.get(number % 10, "other")
        forms = self._entries["number.ordinal"]
        pattern = forms if isinstance(forms, str) else forms.get(ending, forms["other"])
        return Markup(self.vformat(pattern, (), {"number": number}))

    def credits(self, microcredits: int) -> str:
        """A sum: `1 credit`, `1.33 credits`."""
        amount = credits_number(microcredits)
        return self(
            "number.credits", count=1 if amount == "1" else 0, amount=Markup(amount.translate(self._separators))
        )

    def listed(self, names: Sequence[str]) -> str:
        """`a, b and c`."""
        return self._joined("number.and", [self.format_field(name, "") for name in names])

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value inside a sentence: sums, moments, lists and phrases in words; numbers with the language's separators.

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
                return self._joined("number.or", [self("number.quoted", name=name) for name in value])
            case tuple():
                return self._joined("number.and", [self.format_field(part, "") for part in value])
            case str() if not isinstance(value, Markup):
                return escaped_inline(value)
        text: str = super().format_field(value, format_spec)
        return text.translate(self._separators) if format_spec else text

    def _joined(self, key: str, names: Sequence[str]) -> Markup:
        *others, last = names
        if not others:
            return Markup(last)
        return Markup(self(key, others=Markup(self("number.comma").join(others)), last=Markup(last)))


def words_for(locale: str) -> Words:
    """The language of one of Discord's locales; English where there is no better."""
    return _load(LOCALES.get(locale, "en"))


@cache
def _load(language: str) -> Words:
    return Words(language, {**entries_of("en"), **entries_of(language)})


@cache
def entries_of(language: str) -> Mapping[str, Entry]:
    """What a language's own file says, by key."""
    return _flat(tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8")))


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for name, entry in table.items():
        if isinstance(entry, str) or entry.keys() <= _FORMS:
            entries[prefix + name] = entry
        else:
            entries |= _flat(entry, f"{prefix}{name}.")
    return entries


def _form(entry: Entry, count: object) -> str:
    if isinstance(entry, str):
        return entry
    return entry["one"] if count == 1 and "one" in entry else entry["other"]


ENGLISH: Final = _load("en")
