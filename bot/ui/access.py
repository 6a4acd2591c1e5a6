"""Declares who may use each component, form and command, and from where, so that it can be listed and tested.

For commands the declaration is also the check: `check_audience` runs before each command and each of its
autocompletes. For components and forms it describes what their own code checks.
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
    """Everyone who sees it; for private pictures only the member of the request."""
    REQUESTER = "requester"
    """The member to whom the request, draft or data belongs."""
    REQUESTER_OR_MODERATOR = "requester_or_moderator"
    MODERATORS = "moderators"
    """Members with Manage Messages, or those whom the server's settings for the command allow."""
    MANAGERS = "managers"
    """Members with Manage Server."""
    OWNERS = "owners"
    """The bot's owners."""


class Scope(StrEnum):
    """Where something may be used."""

    ANYWHERE = "anywhere"
    SERVER = "server"
    """In any channel of a server; what it changes belongs to that server."""
    PICTURE_CHANNEL = "picture_channel"
    """From any channel of a server; the permission is checked in the picture's own channel."""


_BY_PERMISSION: Final = (
    ("administrator", Audience.OWNERS),
    ("manage_guild", Audience.MANAGERS),
    ("manage_messages", Audience.MODERATORS),
)


def used_by(audience: Audience) -> Callable[[T], T]:
    """Declare the audience of a command that needs more than its group's permissions in Discord."""

    def declared(command: T) -> T:
        command.extras[_AUDIENCE] = audience  # type: ignore[attr-defined]  # T is a command
        return command

    return declared


def audience_of(command: Command) -> Audience:
    """Who may use a command: as declared, else according to the default permissions of its outermost group."""
    if _AUDIENCE in command.extras:
        return Audience(command.extras[_AUDIENCE])
    outermost = _outermost(command)
    needed = outermost.default_permissions or discord.Permissions()
    return next((who for name, who in _BY_PERMISSION if getattr(needed, name)), Audience.EVERYONE)


def check_audience(interaction: discord.Interaction[Any], command: Command, check_owner: Callable[[int], None]) -> None:
    """Raise Refusal for a member who may not use a command; the same check applies to its autocompletes.

    Whom a server's own settings allow to use a moderators' command is known to Discord alone, so that is not checked
    again. `check_owner` raises Refusal for a user id that is not an owner's.
    """
    audience = audience_of(command)
    if audience is Audience.OWNERS:
        check_owner(interaction.user.id)
    if audience in (Audience.MODERATORS, Audience.MANAGERS) and interaction.guild_id is None:
        raise Refusal("servers_only_here")
    if audience is Audience.MANAGERS and not interaction.permissions.manage_guild:
        raise Refusal("managers_only")


def scope_of(command: Command) -> Scope:
    """Where a command may be used."""
    contexts = _outermost(command).allowed_contexts
    if contexts is not None and not contexts.dm_channel and not contexts.private_channel:
        return Scope.SERVER
    return Scope.ANYWHERE


def _outermost(command: Command) -> Command:
    if isinstance(command, app_commands.ContextMenu):
        return command
    return command.root_parent or command
