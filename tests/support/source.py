"""The bot's source code, parsed once for all tests that inspect it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def sources(*packages: str) -> list[Path]:
    """The Python files of these packages."""
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file, in the order of `ast.walk`."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def called_in(path: Path) -> tuple[tuple[ast.Call, str], ...]:
    """Each call in a file, with the called expression as written in the source."""
    return tuple((node, ast.unparse(node.func)) for node in nodes_of(path) if isinstance(node, ast.Call))
