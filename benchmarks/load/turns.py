"""The rule of turns, written a second time from its description: what the bot does is compared with this.

A member's pictures keep their order. A picture's slot is its number among its member's waiting ones plus those of the
member that are at work. Lower slots go first, then the member whose last start is longest ago; of those who never had
one, whoever has waited longest for it. A start is the provider's taking a picture: being called up for it, or sent
back, changes nobody else's place.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """How far a picture has come, as far as turns go."""

    WAITS = "waits"
    CALLED = "called up"
    SENT = "sent to the provider, which has not answered yet"
    TAKEN = "taken by the provider"
    GONE = "not at work any more"


_AT_WORK = frozenset({Phase.CALLED, Phase.SENT, Phase.TAKEN})
_NOT_STARTED = frozenset({Phase.WAITS, Phase.CALLED, Phase.SENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many pictures may be at work and queue: of one member, and of all."""

    running_each: int
    pending_each: int
    running: int


class Rank(NamedTuple):
    """What a waiting picture is sorted by."""

    slot: int
    last_start: int
    waits_since: int
    job: int


class Line:
    """Told what happened, in the order in which it did, it tells whose turn it is and everybody's place."""

    def __init__(self) -> None:
        self._pictures: defaultdict[int, dict[int, Phase]] = defaultdict(dict)
        self._ranks: dict[int, list[Rank]] = {}
        self._line: list[Rank] = []
        self._last_start: dict[int, int] = {}
        self._starts = 0

    def phase(self, job: int, member: int) -> Phase:
        """Where a picture is; one that nobody has heard of is not at work."""
        return self._pictures[member].get(job, Phase.GONE)

    def moves(self, job: int, member: int, phase: Phase) -> None:
        """A picture was ordered, or has come to another phase."""
        if phase is Phase.GONE:
            self._pictures[member].pop(job, None)
        else:
            self._pictures[member][job] = phase
        self._sort(member)

    def starts(self, member: int) -> None:
        """A member has had a turn."""
        self._starts += 1
        self._last_start[member] = self._starts
        self._sort(member)

    def at_work(self, member: int | None = None) -> int:
        """How many pictures are at work: a member's, or all."""
        members = self._pictures if member is None else (member,)
        return sum(phase in _AT_WORK for each in members for phase in self._pictures[each].values())

    def queued(self, member: int) -> int:
        """How many of a member's pictures have not been sent to the provider: what the cap counts."""
        return sum(phase in {Phase.WAITS, Phase.CALLED} for phase in self._pictures[member].values())

    def waiting(self, member: int) -> list[int]:
        """A member's waiting pictures, in their order."""
        return [rank.job for rank in self._ranks.get(member, ())]

    def place(self, job: int, member: int) -> int | None:
        """A waiting picture's place, from 1 on; None where it does not wait."""
        ranks = [rank for rank in self._ranks.get(member, ()) if rank.job == job]
        return bisect_left(self._line, ranks[0]) + 1 if ranks else None

    def next_ones(self, per_member: int) -> Iterator[int]:
        """The waiting pictures that may be called up, the first one first; a member has so many at work at most."""
        return (rank.job for rank in self._line if rank.slot <= per_member)

    def _sort(self, member: int) -> None:
        """Put a member's waiting pictures where they belong now."""
        for rank in self._ranks.get(member, ()):
            del self._line[bisect_left(self._line, rank)]
        pictures = self._pictures[member]
        at_work, last_start = self.at_work(member), self._last_start.get(member, 0)
        since = min((job for job, phase in pictures.items() if phase in _NOT_STARTED), default=0)
        waiting = sorted(job for job, phase in pictures.items() if phase is Phase.WAITS)
        self._ranks[member] = [Rank(at_work + n, last_start, since, job) for n, job in enumerate(waiting, start=1)]
        for rank in self._ranks[member]:
            insort(self._line, rank)
