"""Discord's rules for commands that its OpenAPI description does not state."""

import re
from collections.abc import Iterable

from sandbox.discord.component_rules import length_errors
from sandbox.discord.errors import invalid_form
from sandbox.discord.model import Json

# Discord's published pattern: letters, digits, dash, underscore and apostrophe of any script.
_NAME = re.compile(r"^[-_'\w]{1,32}$", re.UNICODE)
_LIMITS = {1: 100, 2: 5, 3: 5}
_MAX_TOTAL_TEXT = 8000
_MAX_LIST = 25
LOCALES = frozenset(
    re.split(
        r"\s+",
        "bg cs da de el en-GB en-US es-419 es-ES fi fr hi hr hu id it ja ko lt nl no pl pt-BR ro ru sv-SE th tr uk vi "
        "zh-CN zh-TW",
    )
)

Errors = dict[str, tuple[str, str]]


def check_all(bodies: list[Json]) -> None:
    """Raise 50035 (or 30032) for a set of commands that Discord would refuse."""
    errors: Errors = {}
    seen: set[tuple[int, str]] = set()
    for index, body in enumerate(bodies):
        kind = body.get("type") or 1
        if (kind, body["name"]) in seen:
            errors[f"{index}.name"] = (
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            )
        seen.add((kind, body["name"]))
        errors |= _command_errors(str(index), kind, body)
    for kind, limit in _LIMITS.items():
        if sum(1 for other, _ in seen if other == kind) > limit:
            errors[""] = ("APPLICATION_COMMANDS_MAX", f"Maximum number of application commands reached ({limit}).")
    if errors:
        raise invalid_form(errors)


def _command_errors(path: str, kind: int, body: Json) -> Errors:
    errors = _locale_errors(path, body, named=kind == 1)
    if kind != 1:
        errors |= length_errors(path, body, {"name": (1, 32)})
        if body.get("description"):
            errors[f"{path}.description"] = (
                "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION",
                "Context menu commands have no description",
            )
        if body.get("options"):
            errors[f"{path}.options"] = (
                "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS",
                "Context menu commands have no options",
            )
        return errors
    errors |= _name_errors(path, body)
    errors |= _option_errors(f"{path}.options", body.get("options") or [])
    if _text_size(body) > _MAX_TOTAL_TEXT:
        errors[path] = ("APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({_MAX_TOTAL_TEXT})")
    return errors


def _name_errors(path: str, body: Json) -> Errors:
    errors: Errors = {}
    if not _is_name(body.get("name") or ""):
        errors[f"{path}.name"] = ("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if not 1 <= len(body.get("description") or "") <= 100:
        errors[f"{path}.description"] = ("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    for key in ("options", "choices"):
        if len(body.get(key) or ()) > _MAX_LIST:
            errors[f"{path}.{key}"] = ("BASE_TYPE_BAD_LENGTH", f"Must be {_MAX_LIST} or fewer in length.")
    return errors


def _is_name(name: str) -> bool:
    return bool(_NAME.match(name)) and name == name.lower()


def _choice_errors(path: str, choices: Iterable[Json]) -> Errors:
    errors: Errors = {}
    for index, choice in enumerate(choices):
        here = f"{path}.{index}"
        errors |= length_errors(here, choice, {"name": (1, 100), "value": (0, 100)})
        errors |= _locale_errors(here, choice, named=False, longest=100)
    return errors


def _option_errors(path: str, options: list[Json]) -> Errors:
    errors: Errors = {}
    names: set[str] = set()
    optional_seen = False
    for index, option in enumerate(options):
        here = f"{path}.{index}"
        errors |= _name_errors(here, option) | _locale_errors(here, option, named=True)
        errors |= _choice_errors(f"{here}.choices", option.get("choices") or ())
        if option.get("name") in names:
            errors[f"{here}.name"] = ("APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE", "Option names must be unique")
        names.add(str(option.get("name")))
        if option.get("type") in (1, 2):
            errors |= _option_errors(f"{here}.options", option.get("options") or [])
            continue
        if option.get("required") and optional_seen:
            errors[f"{here}.required"] = (
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")
        if option.get("autocomplete") and option.get("choices"):
            errors[here] = (
                "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
                "Autocomplete options cannot have choices",
            )
    if len({option.get("type") in (1, 2) for option in options}) > 1:
        errors[path] = ("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-commands cannot be mixed with other options")
    return errors


def _locale_errors(path: str, body: Json, *, named: bool, longest: int = 32) -> Errors:
    """Errors of translations; those of slash commands and options (`named`) follow the rules for names."""
    errors: Errors = {}
    for key, limit in (("name_localizations", longest), ("description_localizations", 100)):
        texts: Json = body.get(key) or {}
        for locale, text in texts.items():
            if locale not in LOCALES:
                errors[f"{path}.{key}.{locale}"] = ("BASE_TYPE_CHOICES", f"{locale} is not a locale of Discord")
            elif named and key == "name_localizations" and not _is_name(text):
                errors[f"{path}.{key}.{locale}"] = ("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
        errors |= length_errors(f"{path}.{key}", texts, dict.fromkeys(texts, (1, limit)))
    return errors


def _text_size(body: Json) -> int:
    """Total characters of names, descriptions and choices in the longest language; a command may have 8,000."""
    size = _longest(body, "name") + _longest(body, "description")
    choices: Iterable[Json] = body.get("choices") or ()
    size += sum(_longest(choice, "name") + len(str(choice.get("value", ""))) for choice in choices)
    return size + sum(map(_text_size, body.get("options") or ()))


def _longest(body: Json, key: str) -> int:
    texts = [body.get(key) or "", *(body.get(f"{key}_localizations") or {}).values()]
    return max(map(len, texts))
