"""A campaign's plan, generated from its seed: orders and the moments of the kills."""

import random
from dataclasses import dataclass, replace
from enum import StrEnum

from sandbox.discord.world import MEMBERS

_MOST_PICTURES = 4
_BACKUP_EVERY = 7
_CHANNELS = ("general", "general", "art", "sketchbook", "lounge", "elsewhere", "dm")


class Change(StrEnum):
    """What a member does to their own order while it is in progress."""

    NONE = "none"
    CANCEL = "cancel"
    HIDE = "hide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One command. `references` is the number of pictures a remix starts from; 0 means /imagine."""

    prompt: str
    member: str
    channel: str
    count: int
    references: int
    private: bool
    pause_s: float
    change: Change
    change_after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When to kill: `later_s` seconds after the n-th time an observable step is reached, or after a time alone.

    `place` is a request paused at a stand-in, `event` a row of a job's history, `file` a name that appears on disk.
    Steps that are only taken once interaction tokens are invalid need `with_dead_tokens`.
    """

    name: str
    place: str = ""
    event: str = ""
    file: str = ""
    nth: int = 1
    later_s: float = 0.0
    while_starting: bool = False
    gently: bool = False
    """Stop with SIGTERM, as an operator does, instead of SIGKILL."""
    with_backup: bool = False
    """Kill while a backup is being taken."""
    killed_after_s: float | None = None
    """Also send SIGKILL this many seconds after SIGTERM, during the shutdown."""

    @property
    def with_dead_tokens(self) -> bool:
        """Whether the step is taken only when the bot token has to replace an invalid interaction token."""
        return self.place.endswith(_WITHOUT_TOKENS) or self.event == "ready"


_PROVIDER = ("POST /v1/images/generations/async", "GET /v1/tasks/*", "GET /results/*")
_DISCORD = (
    "POST /interactions/*",
    "PATCH /webhooks/*",
    "POST /channels/*/messages",
    "PATCH /channels/*",
    "POST /users/@me/channels",
    "DELETE /*",
)
_WITHOUT_TOKENS = ("/channels/*/messages", "/channels/*", "@me/channels")
_EVENTS = (
    "accepted",
    "submitting",
    "submitted",
    "returned:%",
    "uncertain",
    "failed:%",
    "fetched",
    "delivered",
    "ready",
    "cancelled",
    "withdrawn",
    "made private",
)
_FILES = ("spool/*.part", "spool/*.jpg", "spool/*.thumb.webp", "references/*")

STEPS: tuple[Moment, ...] = (
    *(Moment(name=f"{side} {call}", place=f"{side} {call}") for call in _PROVIDER for side in ("before", "after")),
    *(Moment(name=f"{side} {call}", place=f"{side} {call}") for call in _DISCORD for side in ("before", "after")),
    *(Moment(name=f"row: {event}", event=event) for event in _EVENTS),
    *(Moment(name=f"file: {name}", file=name) for name in _FILES),
)
"""Every step of the bot that can be observed from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole campaign. The same arguments give the same orders and kills; timing still varies."""

    seed: int
    orders: tuple[Order, ...]
    moments: tuple[Moment, ...]

    @property
    def pictures(self) -> int:
        """How many pictures are ordered in total."""
        return sum(order.count for order in self.orders)

    @classmethod
    def drawn(cls, seed: int, *, jobs: int, kills: int) -> "Plan":
        """The plan for a seed."""
        return cls(
            seed=seed,
            orders=_orders(random.Random(f"{seed} orders"), jobs),
            moments=_moments(random.Random(f"{seed} kills"), kills),
        )


def _orders(rng: random.Random, jobs: int) -> tuple[Order, ...]:
    orders: list[Order] = []
    left = jobs
    while left > 0:
        count = min(left, rng.randint(1, _MOST_PICTURES))
        left -= count
        orders.append(_order(rng, len(orders) + 1, count))
    return tuple(orders)


def _order(rng: random.Random, number: int, count: int) -> Order:
    return Order(
        prompt=f"order {number:04} of a {rng.choice(('red', 'green', 'blue'))} {rng.choice(('kite', 'fox', 'boat'))}",
        member=rng.choice(MEMBERS),
        channel=rng.choice(_CHANNELS),
        count=count,
        references=rng.choice((0, 0, 1, 2)),
        private=rng.random() < 0.2,
        pause_s=rng.uniform(0.0, 0.25),
        change=rng.choices((Change.NONE, Change.CANCEL, Change.HIDE), weights=(70, 18, 12))[0],
        change_after_s=rng.uniform(0.0, 1.0),
    )


def _moments(rng: random.Random, kills: int) -> tuple[Moment, ...]:
    """Every step in turn, in random order; one kill in five is at a random time, and one in five during startup."""
    moments: list[Moment] = []
    steps: list[Moment] = []
    while len(moments) < kills:
        if not steps:
            steps = list(STEPS)
            rng.shuffle(steps)
        match len(moments) % 5:
            case 3:
                moments.append(_at_any_time(rng))
            case 4:
                moments.append(Moment(name="while it starts", later_s=rng.uniform(0.05, 1.2), while_starting=True))
            case _:
                moments.append(_varied(rng, steps.pop()))
    return tuple(
        replace(moment, with_backup=number % _BACKUP_EVERY == 0) for number, moment in enumerate(moments, start=1)
    )


def _at_any_time(rng: random.Random) -> Moment:
    later_s, after_s = rng.uniform(0.0, 1.5), rng.uniform(0.0, 0.6)
    match rng.choices(("kill", "stop", "both"), weights=(5, 3, 2))[0]:
        case "stop":
            return Moment(name="a random time, with SIGTERM", later_s=later_s, gently=True)
        case "both":
            name = "a random time, with SIGTERM and then SIGKILL"
            return Moment(name=name, later_s=later_s, gently=True, killed_after_s=after_s)
    return Moment(name="a random time", later_s=later_s)


def _varied(rng: random.Random, step: Moment) -> Moment:
    return Moment(
        name=step.name,
        place=step.place,
        event=step.event,
        file=step.file,
        nth=rng.choice((1, 1, 2, 3)),
        later_s=0.0 if step.place else rng.choice((0.0, 0.0, rng.uniform(0.0, 0.05))),
    )
