"""Fill in a modal, validated as Discord's client validates it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.discord.components import ComponentType, walk
from sandbox.discord.model import Json
from sandbox.driver.errors import DriverError
from sandbox.driver.options import Resolved

_RESOLVERS = {
    ComponentType.USER_SELECT: Resolved.user,
    ComponentType.ROLE_SELECT: Resolved.role,
    ComponentType.MENTIONABLE_SELECT: Resolved.mentionable,
    ComponentType.CHANNEL_SELECT: Resolved.channel,
    ComponentType.FILE_UPLOAD: Resolved.file,
}


def submitted(modal: Json, values: Mapping[str, Any], resolved: Resolved) -> list[Json]:
    """The components that a submitted modal sends. A field that is not named keeps its initial value."""
    fields = {part["custom_id"] for _, part in walk(modal["components"]) if part.get("custom_id")}
    if strangers := values.keys() - fields:
        raise DriverError(f"the modal has no field {', '.join(sorted(strangers))}; it has {', '.join(sorted(fields))}")
    return [_part(part, values, resolved) for part in modal["components"]]


def _part(part: Json, values: Mapping[str, Any], resolved: Resolved) -> Json:
    sent: Json = {"type": part["type"], "id": part["id"]}
    if part["type"] == ComponentType.LABEL:
        return {**sent, "component": _field(part["component"], values, resolved)}
    if part["type"] == ComponentType.ACTION_ROW:
        return {**sent, "components": [_field(child, values, resolved) for child in part["components"]]}
    return sent


def _field(field: Json, values: Mapping[str, Any], resolved: Resolved) -> Json:
    kind, custom_id = field["type"], field["custom_id"]
    given = values.get(custom_id)
    sent: Json = {"type": kind, "id": field["id"], "custom_id": custom_id}
    if kind == ComponentType.TEXT_INPUT:
        return {**sent, "value": _text(field, field.get("value") or "" if given is None else given)}
    if kind == ComponentType.CHECKBOX:
        return {**sent, "value": bool(field.get("default") if given is None else given)}
    if kind == ComponentType.RADIO_GROUP:
        chosen = picked(field, given, least=int(field.get("required", True)), most=1)
        return {**sent, "value": chosen[0] if chosen else None}
    required = bool(field.get("required", True))
    least = field.get("min_values", 1 if required else 0)
    most = field.get("max_values", len(field.get("options") or ()) if kind == ComponentType.CHECKBOX_GROUP else 1)
    if kind in _RESOLVERS:
        named = _listed(given)
        _count(custom_id, len(named), least if required or named else 0, most)
        return {**sent, "values": [_RESOLVERS[ComponentType(kind)](resolved, value) for value in named]}
    return {**sent, "values": picked(field, given, least=least if required else 0, most=most)}


def picked(field: Json, given: Any, *, least: int, most: int) -> list[str]:
    """Values of a field with fixed options, given by value or label; if none is given, its defaults."""
    options: list[Json] = field.get("options") or []
    if given is None:
        values = [option["value"] for option in options if option.get("default")]
    else:
        values = [_option(options, value, field["custom_id"]) for value in _listed(given)]
    _count(field["custom_id"], len(values), least, most)
    return values


def _option(options: list[Json], value: Any, custom_id: str) -> str:
    for option in options:
        if value in (option["value"], option.get("label")):
            return str(option["value"])
    raise DriverError(f"{custom_id!r} has no option {value!r}; it has {', '.join(o['value'] for o in options)}")


def _listed(given: Any) -> list[Any]:
    """One value or several, as a list; a file is a pair and counts as one value."""
    if given is None:
        return []
    is_file = isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], bytes)
    return list(given) if isinstance(given, Sequence) and not isinstance(given, str) and not is_file else [given]


def _count(custom_id: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        raise DriverError(f"{custom_id!r} takes {least} to {most} values, not {count}")


def _text(field: Json, value: Any) -> str:
    text, custom_id = str(value), field["custom_id"]
    if field.get("required", True) and not text:
        raise DriverError(f"{custom_id!r} is required")
    low, high = field.get("min_length") or 0, field.get("max_length") or 4000
    if text and not low <= len(text) <= high:
        raise DriverError(f"{custom_id!r} takes {low} to {high} characters, not {len(text)}")
    return text
