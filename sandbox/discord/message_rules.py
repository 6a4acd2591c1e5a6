"""Discord's rules for a message's body that its OpenAPI description does not state.

Each rule was taken from Discord's documentation; the schema lets all of these through.
"""

from collections.abc import Iterable

from sandbox.discord.components import V2_ONLY, ComponentType, unique_ids_errors, walk
from sandbox.discord.errors import empty_message, invalid_form
from sandbox.discord.model import Json, MessageFlag

MAX_CONTENT = 2000
MAX_EMBEDS = 10
MAX_EMBED_TEXT = 6000
MAX_ROWS = 5
MAX_V2_COMPONENTS = 40
MAX_V2_TEXT = 4000
MAX_MODAL_PARTS = 5
MAX_ATTACHMENTS = 10

_TOP_LEVEL = (V2_ONLY - {ComponentType.THUMBNAIL}) | {ComponentType.ACTION_ROW}

_LEGACY = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"

Errors = dict[str, tuple[str, str]]


def check_result(
    *,
    content: str,
    embeds: list[Json],
    components: list[Json],
    flags: int,
    attachments: int,
    quotes: bool = False,
) -> None:
    """Raise Discord's error if a message with these parts may not exist; `quotes`: it has stickers or forwards."""
    errors: Errors = {}
    if flags & MessageFlag.IS_COMPONENTS_V2:
        _check_v2(errors, content, embeds, components)
        if quotes:
            errors["sticker_ids"] = (_LEGACY, "Stickers and forwards cannot be used with IS_COMPONENTS_V2")
    else:
        _check_classic(errors, content, embeds, components)
    if attachments > MAX_ATTACHMENTS:
        errors["attachments"] = ("BASE_TYPE_MAX_LENGTH", f"Must be {MAX_ATTACHMENTS} or fewer in length.")
    errors |= unique_ids_errors(components)
    errors |= _row_errors(components)
    if errors:
        raise invalid_form(errors)
    if not (content or embeds or components or attachments or quotes):
        raise empty_message()


def _check_classic(errors: Errors, content: str, embeds: list[Json], components: list[Json]) -> None:
    if len(content) > MAX_CONTENT:
        errors["content"] = ("BASE_TYPE_MAX_LENGTH", f"Must be {MAX_CONTENT} or fewer in length.")
    if sum(map(_embed_text, embeds)) > MAX_EMBED_TEXT:
        errors["embeds"] = ("MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_TEXT}")
    if len(components) > MAX_ROWS:
        errors["components"] = ("BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_ROWS} in length.")
    for index, component in enumerate(components):
        if component.get("type") != ComponentType.ACTION_ROW:
            errors[f"components.{index}"] = ("UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')


def _check_v2(errors: Errors, content: str, embeds: list[Json], components: list[Json]) -> None:
    code, why = _LEGACY, "cannot be used with IS_COMPONENTS_V2"
    if content:
        errors["content"] = (code, f"The 'content' field {why}")
    if embeds:
        errors["embeds"] = (code, f"The 'embeds' field {why}")
    if sum(1 for _ in walk(components)) > MAX_V2_COMPONENTS:
        limit = f"The max number of components is {MAX_V2_COMPONENTS}"
        errors["components"] = ("COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", limit)
    texts = [part for _, part in walk(components) if part.get("type") == ComponentType.TEXT_DISPLAY]
    if sum(len(part.get("content") or "") for part in texts) > MAX_V2_TEXT:
        limit = f"The total displayable text size of components exceeds the maximum of {MAX_V2_TEXT}"
        errors["components"] = ("COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", limit)
    for index, component in enumerate(components):
        if component.get("type") not in _TOP_LEVEL:
            errors[f"components.{index}"] = ("UNION_TYPE_CHOICES", "This component cannot stand on the top level.")
    for path, part in walk(components):
        if part.get("type") == ComponentType.CONTAINER:
            for index, child in enumerate(part.get("components") or ()):
                if child.get("type") not in _TOP_LEVEL - {ComponentType.CONTAINER}:
                    why = "This component cannot stand in a container."
                    errors[f"{path}.components.{index}"] = ("UNION_TYPE_CHOICES", why)


def _row_errors(components: Iterable[Json]) -> Errors:
    """A row holds one to five buttons, or one select."""
    errors: Errors = {}
    for path, row in walk(components):
        if row.get("type") != ComponentType.ACTION_ROW:
            continue
        kinds = [child.get("type") for child in row.get("components") or ()]
        buttons = kinds.count(ComponentType.BUTTON)
        if not kinds or buttons > MAX_ROWS or (len(kinds) > 1 and buttons < len(kinds)):
            errors[f"{path}.components"] = ("BASE_TYPE_BAD_LENGTH", "A row holds 1 to 5 buttons or one select.")
        for index, child in enumerate(row.get("components") or ()):
            if child.get("type") == ComponentType.BUTTON:
                errors |= _button_errors(f"{path}.components.{index}", child)
    return errors


def _button_errors(path: str, button: Json) -> Errors:
    """A button needs something to show, and exactly the one thing that its style acts on."""
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


def _embed_text(embed: Json) -> int:
    parts = [embed.get("title"), embed.get("description")]
    parts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or ():
        parts += [field.get("name"), field.get("value")]
    return sum(len(part) for part in parts if part)


def check_modal(modal: Json) -> None:
    """Raise 50035 for a modal that Discord would refuse although the schema does not."""
    parts: list[Json] = modal.get("components") or []
    errors: Errors = {**unique_ids_errors(parts)}
    if len(parts) > MAX_MODAL_PARTS:
        errors["data.components"] = ("BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_MODAL_PARTS} in length.")
    if errors:
        raise invalid_form(errors)
