"""Checks the options of a command against its declared parameters before the command runs.

Discord enforces choices, bounds, lengths and channel types in its own clients only, and discord.py not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import discord
from discord import app_commands

from bot.interactions.offered import (
    MAX_INTEGER,
    MAX_TEXT,
    Choices,
    Files,
    Kind,
    Named,
    Number,
    Offered,
    Surroundings,
    Switch,
    Text,
    checked_value,
    not_offered,
)
from bot.interactions.received_data import data_of, objects, places_of, surroundings_of

Command = app_commands.Command[Any, ..., Any]
Type = discord.AppCommandOptionType

_NESTED: Final = frozenset({Type.subcommand.value, Type.subcommand_group.value})
_MENU_KINDS: Final = {discord.AppCommandType.user.value: "users", discord.AppCommandType.message.value: "messages"}


def check_options(interaction: discord.Interaction[Any], find: Callable[[Sequence[str]], Command | None]) -> None:
    """Raise Refusal for a command whose options or target are not what the command offers.

    `find(names)` returns the command of these names, or None; the command tree answers unknown commands itself. Raises
    CommandSignatureMismatch for an option that the command does not have.
    """
    data = data_of(interaction)
    if data.get("type", 1) in _MENU_KINDS:
        _check_target(data, places_of(interaction))
        return
    if not isinstance(data.get("name"), str):
        raise not_offered()
    names, options = _innermost(data)
    command = find(names)
    if command is None:
        return
    around = surroundings_of(interaction)
    parameters = {parameter.display_name: parameter for parameter in command.parameters}
    typing = interaction.type is discord.InteractionType.autocomplete
    seen: set[str] = set()
    for option in options:
        name = option.get("name")
        if not isinstance(name, str) or name in seen:
            raise not_offered()
        seen.add(name)
        if name not in parameters or option.get("type") != parameters[name].type.value:
            # An official client sends this too, while its copy of the commands is from before an update.
            raise app_commands.CommandSignatureMismatch(command)
        _check_option(parameters[name], option, around, typing=typing)


def offered_by_parameter(parameter: app_commands.Parameter) -> Offered:
    """The values that a parameter of a command accepts."""
    if parameter.choices:
        return Choices(values=tuple(choice.value for choice in parameter.choices))
    least, most = parameter.min_value, parameter.max_value
    match parameter.type:
        case Type.string:
            return Text(least=int(least or 0), most=int(MAX_TEXT if most is None else most))
        case Type.integer | Type.number:
            return Number(
                least=-MAX_INTEGER if least is None else least,
                most=MAX_INTEGER if most is None else most,
                whole=parameter.type is Type.integer,
            )
        case Type.boolean:
            return Switch()
        case Type.channel:
            return Named(kind=Kind.CHANNEL, types=frozenset(kind.value for kind in parameter.channel_types))
        case Type.role:
            return Named(kind=Kind.ROLE)
        case Type.attachment:
            return Files(least=1, most=1)
        case _:
            return Named(kind=Kind.USER)


def _innermost(data: Mapping[str, Any]) -> tuple[list[str], list[Mapping[str, Any]]]:
    """The names of a command's groups and of the command itself, and its options."""
    names, level = [str(data["name"])], data
    while True:
        options = list(objects(level.get("options") or []))
        nested = [option for option in options if option.get("type") in _NESTED]
        if not nested:
            return names, options
        if len(options) > 1 or len(names) > 2:
            raise not_offered()
        level = nested[0]
        names.append(str(level.get("name")))


def _check_option(
    parameter: app_commands.Parameter, option: Mapping[str, Any], around: Surroundings, *, typing: bool
) -> None:
    value = option.get("value")
    if not typing:
        checked_value(offered_by_parameter(parameter), value, around)
    elif not isinstance(value, str | int | float) or len(str(value)) > MAX_TEXT:
        # In an autocomplete the value may be incomplete, and Discord resolves no ids yet.
        raise not_offered()


def _check_target(data: Mapping[str, Any], places: Collection[int]) -> None:
    """Refuse a menu whose target message or member is not in the data, or whose message is from another channel."""
    resolved, kind = data.get("resolved"), _MENU_KINDS[data["type"]]
    entries = resolved.get(kind) if isinstance(resolved, Mapping) else None
    target = data.get("target_id")
    if not isinstance(entries, Mapping) or not isinstance(target, str) or not isinstance(entries.get(target), Mapping):
        raise not_offered()
    channel_id = entries[target].get("channel_id")
    if kind == "messages" and channel_id is not None and str(channel_id) not in map(str, places):
        raise not_offered()
