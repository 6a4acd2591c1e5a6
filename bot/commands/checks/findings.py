"""What a check found: how it is, what it is about, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """The bot works, but not all of it, or not for long."""
    FAIL = "fail"
    """The bot cannot do its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report. `advice` is what to do, a sentence; "" where nothing is to be done."""

    level: Level
    name: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        told = f"{self.what}. {self.advice}" if self.advice else self.what
        # Servers and bots are called what others like: no name moves a terminal's cursor.
        return f"{self.level.value:<4}  {self.name:<11}  {''.join(c if c.isprintable() else '?' for c in told)}"


def ok(name: str, what: str) -> Finding:
    """Nothing to be done."""
    return Finding(level=Level.OK, name=name, what=what)


def warn(name: str, what: str, advice: str) -> Finding:
    """Something that should be looked at."""
    return Finding(level=Level.WARN, name=name, what=what, advice=advice)


def fail(name: str, what: str, advice: str) -> Finding:
    """Something that keeps the bot from its work."""
    return Finding(level=Level.FAIL, name=name, what=what, advice=advice)
