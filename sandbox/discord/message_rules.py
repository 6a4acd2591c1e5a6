"""Discord's rules for a message's body that its OpenAPI description does not state.

Each rule comes from Discord's documentation; the schema accepts what they forbid.
"""

from sandbox.discord.component_rules import component_errors, length_errors
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
    """Raise Discord's error for an invalid combination of these parts; `quotes`: it has stickers or forwards."""
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
    errors |= component_errors(components)
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
    for index, embed in enumerate(embeds):
        errors |= _embed_errors(f"embeds.{index}", embed)
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


_EMBED = {"title": (0, 256), "description": (0, 4096), "fields": (0, 25)}
_EMBED_FIELD = {"name": (1, 256), "value": (1, 1024)}


def _embed_errors(path: str, embed: Json) -> Errors:
    errors = length_errors(path, embed, _EMBED)
    errors |= length_errors(f"{path}.footer", embed.get("footer") or {}, {"text": (1, 2048)})
    errors |= length_errors(f"{path}.author", embed.get("author") or {}, {"name": (1, 256)})
    for index, field in enumerate(embed.get("fields") or ()):
        errors |= length_errors(f"{path}.fields.{index}", field, _EMBED_FIELD)
    return errors


def _embed_text(embed: Json) -> int:
    parts = [embed.get("title"), embed.get("description")]
    parts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or ():
        parts += [field.get("name"), field.get("value")]
    return sum(len(part) for part in parts if part)


def check_modal(modal: Json) -> None:
    """Raise 50035 for a modal that Discord would refuse although it matches the schema."""
    parts: list[Json] = modal.get("components") or []
    errors: Errors = {**unique_ids_errors(parts), **component_errors(parts)}
    errors |= length_errors("data", modal, {"title": (1, 45), "custom_id": (1, 100)})
    if len(parts) > MAX_MODAL_PARTS:
        errors["data.components"] = ("BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_MODAL_PARTS} in length.")
    if errors:
        raise invalid_form(errors)


def check_choices(choices: list[Json]) -> None:
    """Raise 50035 for autocomplete choices that Discord would refuse."""
    errors = length_errors("data", {"choices": choices}, {"choices": (0, 25)})
    for index, choice in enumerate(choices):
        errors |= length_errors(f"data.choices.{index}", choice, {"name": (1, 100), "value": (0, 100)})
    if errors:
        raise invalid_form(errors)
