"""Every button and select that is dispatched by its custom id."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import bot.ui
from bot.ui.dynamic_items import DynamicPart

Part = type[DynamicPart[Any]]
_NOT_A_PART = "never"


@cache
def all_parts() -> tuple[Part, ...]:
    """The classes that are registered with a pattern; base classes have none."""
    for module in pkgutil.iter_modules(bot.ui.__path__):
        importlib.import_module(f"bot.ui.{module.name}")
    base: Part = DynamicPart  # type: ignore[type-abstract]  # nothing is made of it
    return tuple(part for part in _below(base) if pattern_of(part).pattern != _NOT_A_PART)


def pattern_of(part: Part) -> re.Pattern[str]:
    """The pattern of a component's custom ids."""
    pattern: re.Pattern[str] = part.__discord_ui_compiled_template__
    return pattern


def _below(part: Part) -> Iterator[Part]:
    for child in part.__subclasses__():
        yield child
        yield from _below(child)
