"""The values that a component, form or command offers, and the check of what a client sent against them.

Discord enforces these in its own clients only. Every value is checked before a service sees it, and refused with one
sentence if it was not offered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from bot.domain.errors import Refusal

MAX_ID: Final = 2**63 - 1
"""The largest id that the database stores."""
MAX_TEXT: Final = 6_000
"""The longest string option that Discord accepts, in characters."""
MAX_INTEGER: Final = 2**53
"""The largest absolute value of an integer option that Discord accepts."""
_ID: Final = re.compile(r"[0-9]{1,19}")
_THREADS: Final = frozenset({10, 11, 12})


class Kind(StrEnum):
    """The types of objects that an id may refer to; the values are the keys of an interaction's `resolved` data."""

    CHANNEL = "channels"
    ROLE = "roles"
    USER = "users"
    FILE = "attachments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The context of the values: the objects Discord resolved, the server, and what the bot knows of other servers.

    `elsewhere` returns whether an id is known to belong to another server. An unknown id proves nothing: channels that
    the bot cannot view may be missing from its cache.
    """

    resolved: Mapping[str, Any]
    guild_id: int | None
    elsewhere: Callable[[Kind, int], bool] = lambda *_: False

    def entry(self, kind: Kind, number: int) -> Mapping[str, Any]:
        """The resolved object of an id; raises Refusal if it was not resolved or belongs to another server."""
        entries = self.resolved.get(kind.value)
        entry = entries.get(str(number)) if isinstance(entries, Mapping) else None
        if not isinstance(entry, Mapping):
            raise not_offered()
        if kind in (Kind.CHANNEL, Kind.ROLE) and self._is_foreign(kind, number, entry):
            raise not_offered()
        return entry

    def _is_foreign(self, kind: Kind, number: int, entry: Mapping[str, Any]) -> bool:
        guild_id = entry.get("guild_id")
        if guild_id is not None and str(guild_id) != str(self.guild_id):
            return True
        return self.elsewhere(kind, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """A button: it has no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Some of these values, each at most once. Those that start with `prefix` are looked up by the service itself."""

    values: tuple[str | int | float, ...]
    least: int = 1
    most: int = 1
    prefix: str = ""
    prefixed_characters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text; lengths in characters."""

    least: int = 0
    most: int = MAX_TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number within bounds; `whole` for integers."""

    least: float = -MAX_INTEGER
    most: float = MAX_INTEGER
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Ids of channels of some `types` (empty: any), of roles or of users; channels and roles of this server only."""

    kind: Kind
    types: frozenset[int] = frozenset()
    least: int = 1
    most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Uploaded files, by the ids of their attachments."""

    least: int = 0
    most: int = 10


Offered = Nothing | Choices | Text | Number | Switch | Named | Files
Value = str | int | float | bool


def not_offered() -> Refusal:
    """The refusal of a value that was not offered."""
    return Refusal("not_offered")


def checked_values(offered: Offered, sent: object, around: Surroundings) -> tuple[Value, ...]:
    """The values that a select, an upload or a group of options sent, typed; raises Refusal."""
    if isinstance(offered, Nothing):
        return ()
    if not isinstance(offered, Choices | Named | Files) or not isinstance(sent, list):
        raise not_offered()
    values = [_checked_one(offered, value, around) for value in sent]
    if not offered.least <= len(values) <= offered.most or len(set(values)) != len(values):
        raise not_offered()
    return tuple(values)


def checked_value(offered: Offered, sent: object, around: Surroundings) -> Value:
    """The one value that an option or a text field sent, typed; raises Refusal."""
    match offered:
        case Text():
            if isinstance(sent, str) and offered.least <= len(sent) <= offered.most and _is_storable(sent):
                return sent
        case Switch():
            if isinstance(sent, bool):
                return sent
        case Number():
            if _is_number(sent, whole=offered.whole) and offered.least <= sent <= offered.most:  # type: ignore[operator]
                return cast(float, sent)
        case Choices() | Named() | Files():
            return _checked_one(offered, sent, around)
        case Nothing():
            pass
    raise not_offered()


def _checked_one(offered: Choices | Named | Files, sent: object, around: Surroundings) -> Value:
    if isinstance(offered, Choices):
        return _checked_choice(offered, sent)
    number = _checked_id(sent)
    if isinstance(offered, Files):
        _check_file(around.entry(Kind.FILE, number))
        return number
    entry = around.entry(offered.kind, number)
    if offered.types and entry.get("type") not in offered.types:
        raise not_offered()
    return number


def _checked_choice(offered: Choices, sent: object) -> Value:
    # 1, 1.0 and True compare equal, but are different values.
    same = isinstance(sent, Hashable) and sent in offered.values and not isinstance(sent, bool)
    if same and any(type(sent) is type(value) for value in offered.values):
        return cast(Value, sent)
    if offered.prefix and isinstance(sent, str) and sent.startswith(offered.prefix):
        name = sent.removeprefix(offered.prefix)
        if 0 < len(name) <= offered.prefixed_characters and _is_storable(name):
            return sent
    raise not_offered()


def _checked_id(sent: object) -> int:
    if not isinstance(sent, str) or _ID.fullmatch(sent) is None or not 0 < int(sent) <= MAX_ID:
        raise not_offered()
    return int(sent)


def _check_file(entry: Mapping[str, Any]) -> None:
    """Refuse an attachment that lacks a required field."""
    size, kind = entry.get("size"), entry.get("content_type")
    texts = isinstance(entry.get("filename"), str) and isinstance(entry.get("url"), str)
    if not texts or not _is_number(size, whole=True) or not (kind is None or isinstance(kind, str)):
        raise not_offered()


def _is_number(value: object, *, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return math.isfinite(value)


def _is_storable(text: str) -> bool:
    """Whether a text has no lone surrogate, which JSON can contain and no database accepts."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
