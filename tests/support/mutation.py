"""JSON payloads with one field changed: removed, null, empty, of another type, too large, nested too deep."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

Path = tuple[str | int, ...]
REMOVED: Final[Any] = object()


def _nested() -> Any:
    value: Any = []
    for _ in range(200):
        value = [value]
    return value


VALUES: Final[tuple[Any, ...]] = (
    *(REMOVED, None, "", "x", "\x00", "9" * 400, "-1", 0, -1, 2**70, 1.5, True, [], [None], {}, {"id": None}),
    _nested(),
)
"""What stands in a field's place."""


def paths_of(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each field, at any depth."""
    children: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        children = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    for key, child in children:
        yield (*path, key)
        yield from paths_of(child, (*path, key))


def mutated(body: Any, path: Path, value: Any) -> Any:
    """A copy with the field replaced or removed; unchanged if an earlier mutation removed the path."""
    made = copy.deepcopy(body)
    parent = made
    try:
        for key in path[:-1]:
            parent = parent[key]
        if value is REMOVED:
            del parent[path[-1]]
        else:
            parent[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        return made
    return made
