"""Imports commands when they are called: a supervisor runs for months and needs none of their libraries."""

from __future__ import annotations

import importlib
from typing import Final

import click

_ELSEWHERE: Final = ("backup", "doctor", "generate", "restore", "usage")
"""Each is `bot.commands.NAME.NAME`."""


class LazyGroup(click.Group):
    """A click group with the commands of this package in addition to its own."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All names, for the help text."""
        return sorted([*super().list_commands(context), *_ELSEWHERE])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """One command, imported now if it is in this package."""
        if name not in _ELSEWHERE:
            return super().get_command(context, name)
        command: click.Command = getattr(importlib.import_module(f"bot.commands.{name}"), name)
        return command
