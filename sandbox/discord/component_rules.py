"""Discord's rules for single components: text lengths, numbers of children, the contents of an action row."""

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.discord.components import SELECTS, ComponentType, walk
from sandbox.discord.model import Json

MAX_IN_ROW = 5
MAX_ALT_TEXT = 1024

Errors = dict[str, tuple[str, str]]

# The allowed number of characters (or children), by component type; 0 applies to all types.
_LENGTHS: dict[int, dict[str, tuple[int, int]]] = {
    0: {"custom_id": (1, 100)},
    ComponentType.BUTTON: {"label": (0, 80), "url": (1, 512)},
    **{kind: {"placeholder": (0, 150)} for kind in SELECTS},
    ComponentType.STRING_SELECT: {"placeholder": (0, 150), "options": (1, 25)},
    ComponentType.TEXT_INPUT: {"label": (1, 45), "placeholder": (0, 100), "value": (0, 4000)},
    ComponentType.LABEL: {"label": (1, 45), "description": (0, 100)},
    ComponentType.SECTION: {"components": (1, 3)},
    ComponentType.TEXT_DISPLAY: {"content": (1, 4000)},
    ComponentType.THUMBNAIL: {"description": (0, MAX_ALT_TEXT)},
    ComponentType.MEDIA_GALLERY: {"items": (1, 10)},
    ComponentType.RADIO_GROUP: {"options": (2, 10)},
    ComponentType.CHECKBOX_GROUP: {"options": (1, 10)},
}
_OPTION = {"label": (1, 100), "value": (1, 100), "description": (0, 100)}
_ITEM = {"description": (0, MAX_ALT_TEXT)}


def component_errors(components: Iterable[Json]) -> Errors:
    """What Discord would refuse about each component on its own."""
    errors: Errors = {}
    for path, component in walk(components):
        errors |= {where: _bad_length(low, high) for where, low, high in _outside(path, component)}
        if component.get("type") == ComponentType.ACTION_ROW:
            errors |= _row_errors(path, component)
    return errors


def length_errors(path: str, value: Json, limits: dict[str, tuple[int, int]]) -> Errors:
    """Texts and lists of an object that are too long or too short."""
    return {where: _bad_length(low, high) for where, low, high in _beyond(path, value, limits)}


def _outside(path: str, component: Json) -> Iterator[tuple[str, int, int]]:
    yield from _beyond(path, component, _LENGTHS[0] | _LENGTHS.get(component.get("type", 0), {}))
    for index, option in enumerate(component.get("options") or ()):
        yield from _beyond(f"{path}.options.{index}", option, _OPTION)
    for index, item in enumerate(component.get("items") or ()):
        yield from _beyond(f"{path}.items.{index}", item, _ITEM)


def _beyond(path: str, value: Json, limits: dict[str, tuple[int, int]]) -> Iterator[tuple[str, int, int]]:
    for key, (low, high) in limits.items():
        part: Any = value.get(key)
        if isinstance(part, str | list) and not low <= len(part) <= high:
            yield f"{path}.{key}".lstrip("."), low, high


def _bad_length(low: int, high: int) -> tuple[str, str]:
    return "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length."


def _row_errors(path: str, row: Json) -> Errors:
    """A row holds one to five buttons, or one select."""
    errors: Errors = {}
    children = row.get("components") or ()
    kinds = [child.get("type") for child in children]
    buttons = kinds.count(ComponentType.BUTTON)
    if not kinds or buttons > MAX_IN_ROW or (len(kinds) > 1 and buttons < len(kinds)):
        errors[f"{path}.components"] = ("BASE_TYPE_BAD_LENGTH", "A row holds 1 to 5 buttons or one select.")
    for index, child in enumerate(children):
        if child.get("type") == ComponentType.BUTTON:
            errors |= _button_errors(f"{path}.components.{index}", child)
    return errors


def _button_errors(path: str, button: Json) -> Errors:
    """A button needs a label or an emoji, and exactly the one field that its style requires."""
    style = button.get("style")
    needed = {5: "url", 6: "sku_id"}.get(style if isinstance(style, int) else 0, "custom_id")
    if not button.get(needed):
        return {f"{path}.{needed}": ("BASE_TYPE_REQUIRED", "This field is required")}
    if style == 5 and button.get("custom_id"):
        why = "A custom id and url cannot both be specified"
        return {path: ("BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", why)}
    if needed != "sku_id" and not (button.get("label") or button.get("emoji")):
        return {path: ("BUTTON_COMPONENT_LABEL_EMOJI_REQUIRED", "A button needs a label or an emoji.")}
    return {}
