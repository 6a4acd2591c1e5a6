"""A server's rules: its stored settings and the defaults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from bot.domain.picture import SIZES, Resolution

_LARGEST_ID: Final = 2**63 - 1
MAX_RETENTION_DAYS: Final = 3_650
MAX_PATTERN_CHARACTERS: Final = 200
MAX_WORD_RULES: Final = 100
MAX_REGEX_RULES: Final = 20
"""Limited because each regular expression may take its full time budget on each prompt."""
MAX_NAMED: Final = 25
"""Channels or roles in one setting: the maximum of a Discord select."""


class Where(StrEnum):
    """The channels in which a word rule applies."""

    EVERYWHERE = "everywhere"
    NOT_AGE_RESTRICTED = "not_age_restricted"
    """Everywhere except age-restricted channels."""


class SpoilerRule(StrEnum):
    """Which pictures become spoilers without the member's request."""

    AS_ASKED = "as_asked"
    AGE_RESTRICTED = "age_restricted"
    """Pictures made in age-restricted channels."""
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRule:
    """A pattern that no prompt may contain: whole words, or a regular expression. `id` is 0 before it is stored."""

    pattern: str
    regex: bool = False
    where: Where = Where.EVERYWHERE
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRules:
    """All settings of a server. The defaults apply without stored settings: no limit, nothing forbidden.

    An empty `allowed_channels` allows all channels, an empty `allowed_roles` all members; a denial overrides an
    allowance.
    """

    allowed_channels: frozenset[int] = frozenset()
    denied_channels: frozenset[int] = frozenset()
    allowed_roles: frozenset[int] = frozenset()
    denied_roles: frozenset[int] = frozenset()
    default_size: str | None = None
    default_resolution: Resolution | None = None
    highest_resolution: Resolution | None = None
    grounding: bool = True
    """Whether Google Search may be used for pictures."""
    spoiler: SpoilerRule = SpoilerRule.AS_ASKED
    log_channel: int | None = None
    retention_days: int | None = None
    """Prompt retention in days; None: the installation's default."""
    words: tuple[WordRule, ...] = ()
    unreadable: tuple[Setting, ...] = ()
    """Names of stored settings whose value is invalid; they count as not set."""


class Setting(StrEnum):
    """The settings stored by name; each is a field of ServerRules."""

    ALLOWED_CHANNELS = "allowed_channels"
    DENIED_CHANNELS = "denied_channels"
    ALLOWED_ROLES = "allowed_roles"
    DENIED_ROLES = "denied_roles"
    DEFAULT_SIZE = "default_size"
    DEFAULT_RESOLUTION = "default_resolution"
    HIGHEST_RESOLUTION = "highest_resolution"
    GROUNDING = "grounding"
    SPOILER = "spoiler"
    LOG_CHANNEL = "log_channel"
    RETENTION_DAYS = "retention_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A member who may not order in a server: permanently, or `until` a moment. `told`: they may read the reason."""

    guild_id: int
    member_id: int
    by_id: int
    since: datetime
    until: datetime | None = None
    reason: str = ""
    told: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether it is still in effect."""
        return self.until is None or now < self.until


def _an_id(stored: object) -> int:
    return _whole(stored, 1, _LARGEST_ID)


def _ids(stored: object) -> frozenset[int]:
    if not isinstance(stored, Iterable) or isinstance(stored, str | bytes | Mapping):
        raise ValueError("no list")  # noqa: TRY004 - ValueError, as for all invalid values
    ids = frozenset(map(_an_id, stored))
    if len(ids) > MAX_NAMED:
        raise ValueError("too many")
    return ids


def _whole(stored: object, least: int, most: int) -> int:
    if not isinstance(stored, int) or isinstance(stored, bool) or not least <= stored <= most:
        raise ValueError(stored)
    return stored


def _size(stored: object) -> str:
    if stored not in SIZES:
        raise ValueError(stored)
    return str(stored)


def _switch(stored: object) -> bool:
    if not isinstance(stored, bool):
        raise ValueError(stored)  # noqa: TRY004 - ValueError, as for all invalid values
    return stored


_READ: Final[Mapping[Setting, Callable[[Any], object]]] = {
    Setting.ALLOWED_CHANNELS: _ids,
    Setting.DENIED_CHANNELS: _ids,
    Setting.ALLOWED_ROLES: _ids,
    Setting.DENIED_ROLES: _ids,
    Setting.DEFAULT_SIZE: _size,
    Setting.DEFAULT_RESOLUTION: Resolution,
    Setting.HIGHEST_RESOLUTION: Resolution,
    Setting.GROUNDING: _switch,
    Setting.SPOILER: SpoilerRule,
    Setting.LOG_CHANNEL: _an_id,
    Setting.RETENTION_DAYS: lambda stored: _whole(stored, 1, MAX_RETENTION_DAYS),
}


def checked_setting(setting: Setting, value: object) -> object:
    """A setting's validated value; raises ValueError. None, which resets the setting, is always valid."""
    return None if value is None else _READ[setting](value)


def setting_from(setting: Setting, stored: str) -> object:
    """A setting's value from its stored form; raises ValueError for an invalid one."""
    try:
        return _READ[setting](json.loads(stored))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except TypeError as error:
        raise ValueError(str(error)) from None


def rules_from(stored: Mapping[str, str], words: tuple[WordRule, ...]) -> ServerRules:
    """Rules from stored settings; names that this version doesn't know are ignored.

    An invalid value counts as not set and is named in `unreadable`.
    """
    known: dict[str, Any] = {}
    unreadable = []
    for setting in Setting:
        if setting in stored:
            try:
                known[setting.value] = setting_from(setting, stored[setting])
            except ValueError:
                unreadable.append(setting)
    return ServerRules(**known, words=words, unreadable=tuple(unreadable))


def with_setting(rules: ServerRules, setting: Setting, value: Any) -> ServerRules:
    """Rules with one setting changed; None resets it to its default."""
    return replace(rules, **{setting.value: _DEFAULTS[setting] if value is None else value})


def stored_value(setting: Setting, rules: ServerRules) -> str | None:
    """A setting's stored form; None if it has its default, which is not stored."""
    value = getattr(rules, setting)
    if value == _DEFAULTS[setting]:
        return None
    return json.dumps(sorted(value) if isinstance(value, frozenset) else value)


_DEFAULTS: Final = {field.name: getattr(ServerRules(), field.name) for field in fields(ServerRules)}
