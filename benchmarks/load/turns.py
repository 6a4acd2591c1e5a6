"""A second implementation of the fair queue, from its description, to compare the bot's behaviour with.

A member's pictures keep their order. A picture's slot is its number among its member's waiting pictures plus the number
of that member's running ones. Lower slots go first, then the member whose last start is longest ago; among those
without a start, the one who has waited longest. A start is the provider's acceptance of a picture: being admitted for
submission, or returned to the queue, changes no other member's position.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """The phases of a picture, as far as the fair queue is concerned."""

    WAITS = "waits"
    CALLED = "called up"
    SENT = "sent to the provider, which has not answered yet"
    TAKEN = "taken by the provider"
    GONE = "not at work any more"


_AT_WORK = frozenset({Phase.CALLED, Phase.SENT, Phase.TAKEN})
_NOT_STARTED = frozenset({Phase.WAITS, Phase.CALLED, Phase.SENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many pictures may run and queue: per member, and in total."""

    running_each: int
    pending_each: int
    running: int


class Rank(NamedTuple):
    """The sort key of a waiting picture."""

    slot: int
    last_start: int
    waits_since: int
    job: int


class Line:
    """The queue's model: given all events in order, it computes which picture is next and every position."""

    def __init__(self) -> None:
        self._pictures: defaultdict[int, dict[int, Phase]] = defaultdict(dict)
        self._ranks: dict[int, list[Rank]] = {}
        self._line: list[Rank] = []
        self._last_start: dict[int, int] = {}
        self._starts = 0

    def phase(self, job: int, member: int) -> Phase:
        """A picture's phase; an unknown one is not at work."""
        return self._pictures[member].get(job, Phase.GONE)

    def moves(self, job: int, member: int, phase: Phase) -> None:
        """Record that a picture was ordered, or has changed its phase."""
        if phase is Phase.GONE:
            self._pictures[member].pop(job, None)
        else:
            self._pictures[member][job] = phase
        self._sort(member)

    def starts(self, member: int) -> None:
        """Record that the provider has accepted a picture of this member."""
        self._starts += 1
        self._last_start[member] = self._starts
        self._sort(member)

    def at_work(self, member: int | None = None) -> int:
        """How many pictures are at work: a member's, or all."""
        members = self._pictures if member is None else (member,)
        return sum(phase in _AT_WORK for each in members for phase in self._pictures[each].values())

    def queued(self, member: int) -> int:
        """How many of a member's pictures have not been sent to the provider: the number that the cap limits."""
        return sum(phase in {Phase.WAITS, Phase.CALLED} for phase in self._pictures[member].values())

    def waiting(self, member: int) -> list[int]:
        """A member's waiting pictures, in order."""
        return [rank.job for rank in self._ranks.get(member, ())]

    def place(self, job: int, member: int) -> int | None:
        """A waiting picture's position, starting at 1; None if it isn't waiting."""
        ranks = [rank for rank in self._ranks.get(member, ()) if rank.job == job]
        return bisect_left(self._line, ranks[0]) + 1 if ranks else None

    def next_ones(self, per_member: int) -> Iterator[int]:
        """The waiting pictures that may be admitted, in order; a member has at most `per_member` at work."""
        return (rank.job for rank in self._line if rank.slot <= per_member)

    def _sort(self, member: int) -> None:
        """Update the ranks of a member's waiting pictures."""
        for rank in self._ranks.get(member, ()):
            del self._line[bisect_left(self._line, rank)]
        pictures = self._pictures[member]
        at_work, last_start = self.at_work(member), self._last_start.get(member, 0)
        since = min((job for job, phase in pictures.items() if phase in _NOT_STARTED), default=0)
        waiting = sorted(job for job, phase in pictures.items() if phase is Phase.WAITS)
        self._ranks[member] = [Rank(at_work + n, last_start, since, job) for n, job in enumerate(waiting, start=1)]
        for rank in self._ranks[member]:
            insort(self._line, rank)
