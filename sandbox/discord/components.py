"""Message components as data: iterating over them, assigning ids, and linking their media to uploaded files."""

import copy
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from typing import Any

from sandbox.discord.errors import FormErrors, invalid_form
from sandbox.discord.model import Attachment, Json


class ComponentType(IntEnum):
    """Discord's component types; 4 and 18 to 23 occur in modals."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


SELECTS = frozenset({3, 5, 6, 7, 8})
V2_ONLY = frozenset({9, 10, 11, 12, 13, 14, 17})

# Defaults that clients get for fields that the bot omitted.
_DEFAULTS: dict[int, Json] = {
    ComponentType.SEPARATOR: {"spacing": 1, "divider": True},
    ComponentType.CONTAINER: {"accent_color": None, "spoiler": False},
    ComponentType.THUMBNAIL: {"description": None, "spoiler": False},
    ComponentType.FILE: {"spoiler": False},
    **{kind: {"min_values": 1, "max_values": 1} for kind in SELECTS},
}


def walk(components: Iterable[Json], path: str = "components") -> Iterator[tuple[str, Json]]:
    """Each component with its dotted path, parents before children."""
    for index, component in enumerate(components):
        here = f"{path}.{index}"
        yield here, component
        yield from walk(component.get("components") or (), f"{here}.components")
        for slot in ("accessory", "component"):
            child = component.get(slot)
            if isinstance(child, dict):
                yield from walk((child,), f"{here}.{slot}")


def media_slots(components: Iterable[Json]) -> Iterator[tuple[str, Json, str]]:
    """Each media field: its path, the object that contains it, and its key in that object."""
    for path, component in walk(components):
        kind = component.get("type")
        if kind == ComponentType.THUMBNAIL:
            yield f"{path}.media", component, "media"
        elif kind == ComponentType.FILE:
            yield f"{path}.file", component, "file"
        elif kind == ComponentType.MEDIA_GALLERY:
            for index, item in enumerate(component.get("items") or ()):
                yield f"{path}.items.{index}.media", item, "media"


def stored(components: Iterable[Json], find: Callable[[str], Attachment | None]) -> list[Json]:
    """A bot's components prepared for storage: ids assigned, defaults filled in, media linked to files.

    `find` maps an `attachment://name` (or a CDN address) to a file of the message. Raises 50035 if there is none.
    """
    result = copy.deepcopy(list(components))
    number(result)
    errors: dict[str, tuple[str, str]] = {}
    for path, holder, key in media_slots(result):
        url = str(holder[key].get("url", ""))
        attachment = find(url)
        if attachment is not None:
            holder[key] = {"attachment": attachment.id}
        elif url.startswith("attachment://"):
            errors[f"{path}.url"] = MISSING_FILE
        else:
            holder[key] = {"url": url}
        if key == "media":
            holder.setdefault("description", None)
            holder.setdefault("spoiler", False)
    if errors:
        raise invalid_form(errors)
    return result


MISSING_FILE = ("UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", "The referenced attachment was not found")


def used_attachments(components: Iterable[Json]) -> set[str]:
    """Ids of the files that stored components reference."""
    return {holder[key]["attachment"] for _, holder, key in media_slots(components) if "attachment" in holder[key]}


def rendered(
    components: Iterable[Json], media: Callable[[Json], Json], get: Callable[[str], Attachment | None]
) -> list[Json]:
    """Stored components as clients receive them; `media` turns a stored media value into one with signed addresses."""
    result = copy.deepcopy(list(components))
    for _, holder, key in media_slots(result):
        if key == "file":
            attachment = get(holder[key].get("attachment", ""))
            holder["name"] = attachment.filename if attachment else None
            holder["size"] = attachment.size if attachment else None
        holder[key] = media(holder[key])
    return result


def visible_text(components: Iterable[Json]) -> Iterator[str]:
    """The visible texts of components: text, labels, placeholders, alternative texts."""
    for _, component in walk(components):
        for key in ("content", "label", "placeholder", "description"):
            value = component.get(key)
            if isinstance(value, str) and value:
                yield value
        for item in component.get("items") or ():
            if item.get("description"):
                yield str(item["description"])


def number(components: list[Json]) -> None:
    """Complete components as Discord does: drop nulls, fill in defaults, assign ids."""
    taken = {component["id"] for _, component in walk(components) if component.get("id")}
    following = 1
    for _, component in walk(components):
        for key in [key for key, value in component.items() if value is None]:
            del component[key]
        for key, value in _DEFAULTS.get(component.get("type", 0), {}).items():
            component.setdefault(key, copy.copy(value))
        if not component.get("id"):
            while following in taken:
                following += 1
            component["id"] = following
            taken.add(following)


def unique_ids_errors(components: Iterable[Json]) -> FormErrors:
    """Errors for duplicate custom_ids and ids."""
    errors: dict[str, tuple[str, str]] = {}
    seen: dict[str, set[Any]] = {"custom_id": set(), "id": set()}
    codes = {
        "custom_id": ("COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"),
        "id": ("COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated"),
    }
    for path, component in walk(components):
        for key, values in seen.items():
            value = component.get(key)
            if not value:
                continue
            if value in values:
                errors[f"{path}.{key}"] = codes[key]
            values.add(value)
    return errors
