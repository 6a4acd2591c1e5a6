"""The definition of an injectable fault."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from sandbox.stack import Sandbox

Strike = Callable[[Sandbox, random.Random], Awaitable[None] | None]


class Place(StrEnum):
    """Where a fault occurs; the values are the headings of the page's menu."""

    SUBMIT = "Next submit"
    POLL = "Next poll"
    RESULT = "Next picture download"
    UPLOAD = "Next upload of a reference"
    DISCORD = "Next Discord call"
    FILE = "Next file from Discord"
    STATE = "What Discord holds"
    GATEWAY = "Gateway"
    DISK = "The bot's disk"
    CLOCK = "The bot's clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFault:
    """One injectable fault. `name` is unique.

    A `fatal` one makes the bot exit: it has to be restarted. A `lie` is a false response (a message is reported as
    deleted, but still exists): the bot has to tolerate it, but the messages can't be verified afterwards. `possible`
    says whether a sandbox supports it.
    """

    name: str
    place: Place
    label: str
    strike: Strike
    fatal: bool = False
    lie: bool = False
    possible: Callable[[Sandbox], bool] = lambda _: True
