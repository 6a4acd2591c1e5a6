"""What a trouble is."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from sandbox.stack import Sandbox

Strike = Callable[[Sandbox, random.Random], Awaitable[None] | None]


class Place(StrEnum):
    """Where something goes wrong; the words are those of the page's menu."""

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
    """One thing that can go wrong, and how it is made to. `name` is unique.

    `fatal` ends a bot: it has to be started again. A `lie` says what is not so (a message is gone, and stands there):
    the bot has to live with it, but what members see afterwards cannot be counted. `possible` tells whether a sandbox
    has what it takes.
    """

    name: str
    place: Place
    label: str
    strike: Strike
    fatal: bool = False
    lie: bool = False
    possible: Callable[[Sandbox], bool] = lambda _: True
