"""Whether turns, places and caps were what the rule says, picture by picture."""

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
    """What a member was told between two moments (seconds since 1970): a picture's place, or how many they queue."""

    member: int
    since: float
    until: float
    number: int
    job: int | None = None

    def holds(self, line: Line, limits: Limits) -> bool:
        """Whether it is true right now; `next in line` is also said of a picture that has just been called up."""
        if self.job is None:
            return line.queued(self.member) == self.number >= limits.pending_each
        place = line.place(self.job, self.member)
        return place == self.number or (self.number == 1 and place is None)


@dataclass(slots=True)
class Comparison:
    """How many of a kind were compared, and the first few that were not as they should be."""

    compared: int = 0
    deviating: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, right: bool, example: str) -> None:
        """Count one."""
        self.compared += 1
        self.deviating += not right
        if not right and len(self.examples) < _EXAMPLES:
            self.examples.append(example)


class Judge:
    """Goes through what happened, with the model beside it. Nothing is taken from what the bot says about itself."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.calls = Comparison()
        """The picture that was called up is the one whose turn it was."""
        self.slots = Comparison()
        """Neither a member nor all have more at work than they may."""
        self.rounds = Comparison()
        """Nobody is called up twice while somebody waits who has nothing at work."""
        self.caps = Comparison()
        """No queue is longer than it may be."""
        self.told = Comparison()
        """What members were told was true between the moment they asked and the moment they read it."""
        self._line = Line()
        self._held: dict[int, float] = {}
        self._calls_since_idle: defaultdict[int, Counter[int]] = defaultdict(Counter)

    def follow(self, changes: Sequence[Change], told: Sequence[Told]) -> None:
        """Compare everything. Each of `told` is held against each moment of its time, until one makes it true."""
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
        """Whether what was told has become true by a change, or never was while it might have been."""
        if one.until < change.at:
            self.told.add(False, f"{one}")
            return True
        concerned = one.job is not None or one.member == change.member  # a member's number is their own affair
        return concerned and self._true(one)

    def _true(self, one: Told) -> bool:
        """Whether what was told is true right now, and counted as compared."""
        holds = one.holds(self._line, self.limits)
        if holds:
            self.told.add(True, "")
        return holds

    def _moves(self, change: Change, job: int, phase: Phase) -> None:
        """Compare a step with the model, then let the model take it."""
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
        """Compare a call with what the model says right before it."""
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
        """The picture whose turn it is, after those whose time of waiting for an answer has just run out by itself."""
        for job in self._line.next_ones(self.limits.running_each):
            held_until = self._held.get(job)
            if held_until is None or held_until <= now:
                yield job
            if held_until is None:
                return

    def _note_idle(self, member: int) -> None:
        """Whether a member has something waiting that may be called up, and nothing at work."""
        waits = any(job not in self._held for job in self._line.waiting(member))
        if not waits or self._line.at_work(member):
            self._calls_since_idle.pop(member, None)
        else:
            _ = self._calls_since_idle[member]

    def all_at_work(self) -> bool:
        """Whether in the end no slot is free for anybody who waits."""
        free = self.limits.running > self._line.at_work()
        return not (free and any(True for _ in self._line.next_ones(self.limits.running_each)))
