"""Reads and checks what a client sent with an interaction; the only module that reads `interaction.data`.

Values of components and forms are returned only after a check against what the component or form offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, cast

import discord
from discord import ui

from bot.interactions.offered import (
    Choices,
    Files,
    Kind,
    Named,
    Nothing,
    Offered,
    Surroundings,
    Text,
    Value,
    checked_value,
    checked_values,
    not_offered,
)

Json = Mapping[str, Any]

_LONGEST_INPUT: Final = 4_000
_MOST_CHOICES: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPart:
    """A field of a form: its component type and the values it offers."""

    type: int
    offered: Offered


def data_of(interaction: discord.Interaction[Any]) -> Json:
    """An interaction's data; empty if it is not an object."""
    data: object = interaction.data
    return data if isinstance(data, Mapping) else {}


def custom_id_in(interaction: discord.Interaction[Any]) -> str:
    """The custom id of a component or a form; "" of anything else."""
    custom_id = data_of(interaction).get("custom_id")
    return custom_id if isinstance(custom_id, str) else ""


def surroundings_of(interaction: discord.Interaction[Any]) -> Surroundings:
    """The context in which the values of an interaction are checked."""
    resolved = data_of(interaction).get("resolved")
    return Surroundings(
        resolved=resolved if isinstance(resolved, Mapping) else {},
        guild_id=getattr(interaction, "guild_id", None),
        elsewhere=partial(_is_elsewhere, interaction),
    )


def places_of(interaction: discord.Interaction[Any]) -> tuple[int, ...]:
    """The channel id of an interaction, and for a thread its parent's, which holds the thread's first message."""
    parent_id = getattr(interaction.channel, "parent_id", None)
    return tuple(place for place in (interaction.channel_id, parent_id) if place)


def component_values(interaction: discord.Interaction[Any], shown: ui.Item[Any]) -> tuple[Value, ...]:
    """The values of a component, checked against the component on the message; raises Refusal."""
    data = data_of(interaction)
    if data.get("component_type") != shown.type.value:
        raise not_offered()
    return checked_values(offered_by(shown), data.get("values"), surroundings_of(interaction))


def form_values(interaction: discord.Interaction[Any], parts: Mapping[str, FormPart]) -> dict[str, tuple[Value, ...]]:
    """The values of a form by custom id, checked against its parts; raises Refusal."""
    around = surroundings_of(interaction)
    found: dict[str, tuple[Value, ...]] = {}
    for field in _fields(data_of(interaction).get("components")):
        custom_id = field.get("custom_id")
        part = parts.get(custom_id) if isinstance(custom_id, str) else None
        if part is None or custom_id in found or field.get("type") != part.type:
            raise not_offered()
        found[str(custom_id)] = _field_values(part.offered, field, around)
    for custom_id, part in parts.items():
        if custom_id not in found:
            found[custom_id] = _field_values(part.offered, {}, around)
    return found


def form_parts(form: ui.Modal, *, named: Mapping[str, tuple[str, int]] | None = None) -> dict[str, FormPart]:
    """The parts of a form by custom id.

    `named`: by custom id, the prefix of choices that a service looks up itself, and the maximum length of the rest.
    """
    parts = {}
    for item in form.walk_children():
        custom_id = getattr(item, "custom_id", None)
        if isinstance(custom_id, str):
            prefix, characters = (named or {}).get(custom_id, ("", 0))
            offered = _with_prefix(offered_by(item, in_form=True), prefix, characters)
            parts[custom_id] = FormPart(type=item.type.value, offered=offered)
    return parts


def offered_by(item: ui.Item[Any], *, in_form: bool = False) -> Offered:
    """The values that a component offers, read from the component itself; fields of forms may be optional."""
    match item:
        case ui.Select():
            least = item.min_values if item.required or not in_form else 0
            return Choices(values=tuple(o.value for o in item.options), least=least, most=item.max_values)
        case ui.ChannelSelect():
            types = frozenset(kind.value for kind in item.channel_types)
            return Named(kind=Kind.CHANNEL, types=types, least=item.min_values, most=item.max_values)
        case ui.RoleSelect():
            return Named(kind=Kind.ROLE, least=item.min_values, most=item.max_values)
        case ui.UserSelect():
            return Named(kind=Kind.USER, least=item.min_values, most=item.max_values)
        case ui.TextInput():
            least = max(item.min_length or 0, 1) if item.required else 0
            return Text(least=least, most=item.max_length or _LONGEST_INPUT)
        case ui.FileUpload():
            return Files(least=item.min_values if item.required else 0, most=item.max_values)
        case ui.DynamicItem():
            return offered_by(item.item)
        case _:
            return Nothing()


def _with_prefix(offered: Offered, prefix: str, characters: int) -> Offered:
    if not prefix or not isinstance(offered, Choices):
        return offered
    return replace(offered, most=_MOST_CHOICES, prefix=prefix, prefixed_characters=characters)


def _field_values(offered: Offered, field: Json, around: Surroundings) -> tuple[Value, ...]:
    if isinstance(offered, Text):
        value = field.get("value")
        return (checked_value(offered, "" if value is None else value, around),)
    return checked_values(offered, field.get("values", []), around)


def _fields(components: object) -> Iterator[Json]:
    """The fields of a form: each in a label, or in an action row as older clients send them."""
    for outer in objects(components):
        match outer.get("type"):
            case discord.ComponentType.label.value:
                yield from objects([outer.get("component")])
            case discord.ComponentType.action_row.value:
                yield from objects(outer.get("components"))
            case discord.ComponentType.text_display.value:
                pass
            case _:
                raise not_offered()


def objects(sent: object) -> Sequence[Json]:
    """A list of objects; raises Refusal for anything else."""
    if not isinstance(sent, list) or not all(isinstance(part, Mapping) for part in sent):
        raise not_offered()
    return cast(Sequence[Json], sent)


def _is_elsewhere(interaction: discord.Interaction[Any], kind: Kind, number: int) -> bool:
    """Whether the client's cache has this channel or role in another server."""
    client = interaction.client
    if kind is Kind.CHANNEL:
        channel = client.get_channel(number)
        guild = getattr(channel, "guild", None)
        return channel is not None and (guild is None or guild.id != interaction.guild_id)
    if kind is Kind.ROLE:
        return any(guild.get_role(number) for guild in client.guilds if guild.id != interaction.guild_id)
    return False
