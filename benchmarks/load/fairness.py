"""Checks, picture by picture, whether admission order, queue positions and caps follow the rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.load.turns import Limits, Line, Phase
from benchmarks.load.witness import Change

_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a member was shown between two times (Unix epoch seconds): a queue position, or how many they queue."""

    member: int
    since: float
    until: float
    number: int
    job: int | None = None

    def holds(self, line: Line, limits: Limits) -> bool:
        """Whether it is true now; position 1 is also accepted for a picture that has just been admitted."""
        if self.job is None:
            return line.queued(self.member) == self.number >= limits.pending_each
        place = line.place(self.job, self.member)
        return place == self.number or (self.number == 1 and place is None)


@dataclass(slots=True)
class Comparison:
    """How many values of a kind were compared, and the first few that deviate."""

    compared: int = 0
    deviating: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, right: bool, example: str) -> None:
        """Count one comparison."""
        self.compared += 1
        self.deviating += not right
        if not right and len(self.examples) < _EXAMPLES:
            self.examples.append(example)


class Judge:
    """Replays what happened against the model. Uses no state that the bot reports about itself."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.calls = Comparison()
        """The admitted picture is the next one by the rules."""
        self.slots = Comparison()
        """Neither one member nor all members together exceed their slots."""
        self.rounds = Comparison()
        """No member is admitted twice while another one waits who has nothing running."""
        self.caps = Comparison()
        """No member's queue is longer than its cap."""
        self.told = Comparison()
        """What members were shown was true between their request and the response."""
        self._line = Line()
        self._held: dict[int, float] = {}
        self._calls_since_idle: defaultdict[int, Counter[int]] = defaultdict(Counter)

    def follow(self, changes: Sequence[Change], told: Sequence[Told]) -> None:
        """Compare everything. Each of `told` is checked at every change within its time, until one makes it true."""
        upcoming = sorted(told, key=lambda one: one.since, reverse=True)
        untrue: list[Told] = []
        for change in changes:
            while upcoming and upcoming[-1].since <= change.at:
                one = upcoming.pop()
                if not self._true(one):
                    untrue.append(one)
            if change.job is not None and change.phase is not None:
                self._moves(change, change.job, change.phase)
            else:
                self._line.starts(change.member)
            untrue = [one for one in untrue if not self._settled_by(change, one)]
        for one in [*untrue, *upcoming]:
            if not self._true(one):
                self.told.add(False, f"{one}")

    def _settled_by(self, change: Change, one: Told) -> bool:
        """Whether the statement is decided: a change has made it true, or its time has ended without that."""
        if one.until < change.at:
            self.told.add(False, f"{one}")
            return True
        concerned = one.job is not None or one.member == change.member  # a count depends only on its member
        return concerned and self._true(one)

    def _true(self, one: Told) -> bool:
        """Whether the statement is true now; if so, it is counted as compared."""
        holds = one.holds(self._line, self.limits)
        if holds:
            self.told.add(True, "")
        return holds

    def _moves(self, change: Change, job: int, phase: Phase) -> None:
        """Compare a transition with the model, then apply it to the model."""
        member, before = change.member, self._line.phase(job, change.member)
        if phase is Phase.CALLED is not before:
            self._compare_call(change, job)
        self._held.pop(job, None)
        if change.held_until is not None:
            self._held[job] = change.held_until
        self._line.moves(job, member, phase)
        if phase is Phase.WAITS is not before:
            queued = self._line.queued(member)
            self.caps.add(queued <= self.limits.pending_each, f"{change}: {queued} queue")
        self._note_idle(member)

    def _compare_call(self, change: Change, job: int) -> None:
        """Compare an admission with the model's state right before it."""
        might_be_next = list(self._might_be_next(change.at))
        self.calls.add(job in might_be_next, f"{change}; it was the turn of {might_be_next[:_EXAMPLES]}")
        of_member, of_all = self._line.at_work(change.member) + 1, self._line.at_work() + 1
        within = of_member <= self.limits.running_each and of_all <= self.limits.running
        self.slots.add(within, f"{change}: {of_member} of the member and {of_all} in all are at work")
        passed = [member for member, calls in self._calls_since_idle.items() if calls[change.member]]
        self.rounds.add(not passed, f"{change}: it is the second one while members {passed[:_EXAMPLES]} wait")
        for calls in self._calls_since_idle.values():
            calls[change.member] += 1

    def _might_be_next(self, now: float) -> Iterator[int]:
        """The next picture by the rules, preceded by those whose wait for an answer has just expired."""
        for job in self._line.next_ones(self.limits.running_each):
            held_until = self._held.get(job)
            if held_until is None or held_until <= now:
                yield job
            if held_until is None:
                return

    def _note_idle(self, member: int) -> None:
        """Record whether a member has a picture waiting that may be admitted, and nothing running."""
        waits = any(job not in self._held for job in self._line.waiting(member))
        if not waits or self._line.at_work(member):
            self._calls_since_idle.pop(member, None)
        else:
            _ = self._calls_since_idle[member]

    def all_at_work(self) -> bool:
        """Whether at the end no free slot is left for a waiting picture."""
        free = self.limits.running > self._line.at_work()
        return not (free and any(True for _ in self._line.next_ones(self.limits.running_each)))
