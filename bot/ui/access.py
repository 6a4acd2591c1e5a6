"""Who may use a component, form or command, and from where: declared beside each one, so that it can be listed.

For commands the declaration is the check: `check_audience` runs before each command and each of its autocompletes. For
components and forms it describes what their code checks.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

import discord
from discord import app_commands

from bot.domain.errors import Refusal

Command = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu
T = TypeVar("T")

_AUDIENCE: Final = "audience"


class Audience(StrEnum):
    """Who may use something."""

    EVERYONE = "everyone"
    """Whoever sees it; about private pictures only the member of the request."""
    REQUESTER = "requester"
    """The member whose request, draft or data it is about."""
    REQUESTER_OR_MODERATOR = "requester_or_moderator"
    MODERATORS = "moderators"
    """Manage Messages, or whom the server's own settings of the command let."""
    MANAGERS = "managers"
    """Manage Server."""
    OWNERS = "owners"
    """The people who run the bot."""


class Scope(StrEnum):
    """From where something may be used."""

    ANYWHERE = "anywhere"
    SERVER = "server"
    """In any channel of a server; what it changes belongs to that server."""
    PICTURE_CHANNEL = "picture_channel"
    """From any channel of a server; the permission is asked for the picture's own channel."""


_BY_PERMISSION: Final = (
    ("administrator", Audience.OWNERS),
    ("manage_guild", Audience.MANAGERS),
    ("manage_messages", Audience.MODERATORS),
)


def used_by(audience: Audience) -> Callable[[T], T]:
    """Declare the audience of a command that needs more than its group's permissions in Discord."""

    def declared(command: T) -> T:
        command.extras[_AUDIENCE] = audience  # type: ignore[attr-defined]  # of a command
        return command

    return declared


def audience_of(command: Command) -> Audience:
    """Who may use a command: as declared, else by the permissions of its outermost group."""
    if _AUDIENCE in command.extras:
        return Audience(command.extras[_AUDIENCE])
    outermost = _outermost(command)
    needed = outermost.default_permissions or discord.Permissions()
    return next((who for name, who in _BY_PERMISSION if getattr(needed, name)), Audience.EVERYONE)


def check_audience(interaction: discord.Interaction[Any], command: Command, check_owner: Callable[[int], None]) -> None:
    """Raise Refusal for who may not use a command; an autocomplete asks the same as its command.

    Whom a server lets use a moderators' command, by its own settings, only Discord knows: it is believed. `check_owner`
    raises Refusal for a user id that is no owner's.
    """
    audience = audience_of(command)
    if audience is Audience.OWNERS:
        check_owner(interaction.user.id)
    if audience in (Audience.MODERATORS, Audience.MANAGERS) and interaction.guild_id is None:
        raise Refusal("servers_only_here")
    if audience is Audience.MANAGERS and not interaction.permissions.manage_guild:
        raise Refusal("managers_only")


def scope_of(command: Command) -> Scope:
    """From where a command may be used."""
    contexts = _outermost(command).allowed_contexts
    if contexts is not None and not contexts.dm_channel and not contexts.private_channel:
        return Scope.SERVER
    return Scope.ANYWHERE


def _outermost(command: Command) -> Command:
    if isinstance(command, app_commands.ContextMenu):
        return command
    return command.root_parent or command
