"""Structural check of an INTERACTION_CREATE payload, before discord.py and the commands rely on its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_PING: Final = 1
_COMMAND: Final = 2
_COMPONENT: Final = 3
_AUTOCOMPLETE: Final = 4
_MODAL: Final = 5
_SUBCOMMANDS: Final = (1, 2)
_VALUE_TYPES: Final[Mapping[int, tuple[type, ...]]] = {3: (str,), 4: (int,), 5: (bool,), 10: (int, float)}
"""By the option's type: string, integer, boolean, number."""
_SNOWFLAKES: Final = (6, 7, 8, 9, 11)
"""Options whose value is an id: user, channel, role, mentionable, attachment."""
_CUSTOM_ID_CHARACTERS: Final = 100
_SNOWFLAKE_END: Final = 2**63
"""Ids are stored as SQLite integers, whose maximum this is; Discord's are far below it."""
_MAX_DEPTH: Final = 16
"""Options nest three levels, components six; nested messages add some."""


class MalformedPayloadError(ValueError):
    """A payload lacks a field, or a field has the wrong type. The text names the field, never its value."""


def check_interaction(data: Any) -> None:
    """Raise MalformedPayloadError unless all fields that identify an interaction exist and have their type."""
    body = _object(data, "interaction")
    _check_depth(body)
    for name in ("id", "application_id"):
        _snowflake(body.get(name), name)
    _text(body.get("token"), "token")
    _check_place(body)
    _check_user(body)
    kind = body.get("type")
    if type(kind) is not int or not _PING <= kind <= _MODAL:
        raise MalformedPayloadError("type")
    if kind != _PING:
        _check_data(kind, _object(body.get("data"), "data"))
    if kind == _COMPONENT:
        _snowflake(_object(body.get("message"), "message").get("id"), "message.id")


def _check_place(body: Mapping[str, Any]) -> None:
    if body.get("guild_id") is not None:
        _snowflake(body["guild_id"], "guild_id")
    if body.get("channel_id") is not None:
        _snowflake(body["channel_id"], "channel_id")
    if "channel" in body:
        _snowflake(_object(body["channel"], "channel").get("id"), "channel.id")


def _check_user(body: Mapping[str, Any]) -> None:
    """Check the acting user: a member with permissions in a server, a user elsewhere."""
    if body.get("guild_id") is None:
        _snowflake(_object(body.get("user"), "user").get("id"), "user.id")
        return
    member = _object(body.get("member"), "member")
    _snowflake(_object(member.get("user"), "member.user").get("id"), "member.user.id")
    _permissions(member.get("permissions"), "member.permissions")


def _check_data(kind: int, data: Mapping[str, Any]) -> None:
    if kind in (_COMPONENT, _MODAL):
        if len(_text(data.get("custom_id"), "custom_id")) > _CUSTOM_ID_CHARACTERS:
            raise MalformedPayloadError("custom_id")
        return
    _text(data.get("name"), "data.name")
    options = innermost_options(data.get("options", []))
    if kind == _AUTOCOMPLETE:
        if sum(option.get("focused") is True for option in options) != 1:
            raise MalformedPayloadError("focused")
    else:
        for option in options:
            _check_value(option)
    resolved = _object(data.get("resolved", {}), "resolved")
    if not all(isinstance(found, dict) for found in resolved.values()):
        raise MalformedPayloadError("resolved")


def innermost_options(options: Any) -> list[Mapping[str, Any]]:
    """The options with a value: those of the innermost subcommand. Raises MalformedPayloadError."""
    if not isinstance(options, list):
        raise MalformedPayloadError("options")
    found: list[Mapping[str, Any]] = []
    for option in options:
        _text(_object(option, "option").get("name"), "option.name")
        kind = option.get("type")
        if type(kind) is not int:
            raise MalformedPayloadError("option.type")
        if kind in _SUBCOMMANDS:
            found += innermost_options(option.get("options", []))
        else:
            found.append(option)
    return found


def _check_value(option: Mapping[str, Any]) -> None:
    value = option.get("value")
    if option["type"] in _SNOWFLAKES:
        _snowflake(value, "option.value")
    elif type(value) not in _VALUE_TYPES.get(option["type"], ()):
        raise MalformedPayloadError("option.value")


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedPayloadError(name)
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise MalformedPayloadError(name)
    return value


def _snowflake(value: Any, name: str) -> None:
    if not isinstance(value, str) or not _is_number(value) or not 0 < int(value) < _SNOWFLAKE_END:
        raise MalformedPayloadError(name)


def _permissions(value: Any, name: str) -> None:
    if not isinstance(value, str) or not _is_number(value):
        raise MalformedPayloadError(name)


def _is_number(text: str) -> bool:
    return len(text) <= 20 and text.isascii() and text.isdigit()


def _check_depth(value: Any) -> None:
    """Check the nesting depth level by level, so that the check itself does not recurse too deep."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [child for one in level for child in _children(one)]
        if not level:
            return
    raise MalformedPayloadError("depth")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
