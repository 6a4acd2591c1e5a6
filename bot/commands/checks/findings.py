"""The result of a check: its level, subject and advice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The severity."""

    OK = "ok"
    WARN = "warn"
    """The bot works, but with restrictions, or not for long."""
    FAIL = "fail"
    """The bot can't work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report. `advice` is a sentence that says what to do; "" if nothing."""

    level: Level
    name: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        told = f"{self.what}. {self.advice}" if self.advice else self.what
        # Names of servers and bots are chosen by others: strip terminal control sequences.
        return f"{self.level.value:<4}  {self.name:<11}  {''.join(c if c.isprintable() else '?' for c in told)}"


def ok(name: str, what: str) -> Finding:
    """Nothing to do."""
    return Finding(level=Level.OK, name=name, what=what)


def warn(name: str, what: str, advice: str) -> Finding:
    """Something to look at."""
    return Finding(level=Level.WARN, name=name, what=what, advice=advice)


def fail(name: str, what: str, advice: str) -> Finding:
    """Something that prevents the bot from working."""
    return Finding(level=Level.FAIL, name=name, what=what, advice=advice)
