"""Who may use a component, form or command, and from where: declared beside each one, so that it can be listed.

The declaration describes what the code checks; it checks nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

import discord
from discord import app_commands

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
    """Declare the audience of a command whose own check asks for more than Discord's permissions do."""

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
