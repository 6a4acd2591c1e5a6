"""A reference model of a job's rows after each step, as simple as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from bot.domain.credits import LedgerKind
from bot.domain.errors import Cost
from bot.domain.job import JobState

S, L = JobState, LedgerKind
_CLOSES = {Cost.NOTHING: L.RELEASE, Cost.POSSIBLY: L.UNCERTAIN, Cost.CHARGED: L.CHARGE}


@dataclass(slots=True, kw_only=True)
class Expected:
    """One job. Every step returns whether it is allowed, and changes nothing if not."""

    user_id: int
    guild_id: int | None = None
    day: date = date.min
    state: JobState = S.QUEUED
    owner: str | None = None
    withdrawn: bool = False
    retried: bool = False
    ledger: list[LedgerKind] = field(default_factory=lambda: [L.RESERVE])

    @property
    def at_work(self) -> bool:
        """Whether it uses a slot."""
        return self.state in {S.SUBMITTING, S.RUNNING} or (self.state is S.QUEUED and self.owner is not None)

    @property
    def ended(self) -> bool:
        """Whether it is in a final state."""
        return self.state in {S.DELIVERED, S.FAILED} or (self.state is S.CANCELLED and L.UNCERTAIN not in self.ledger)

    def counts(self, user_id: int, guild_id: int, today: date) -> bool:
        """Whether it counts against a member's monthly quota: ordered, and not known to be free."""
        of_month = today.replace(day=1) <= self.day <= today
        free = self.ledger[-1] in {L.RELEASE, L.REFUND}
        return (self.user_id, self.guild_id) == (user_id, guild_id) and of_month and not free

    def waits_for(self, user_id: int) -> bool:
        """Whether it is queued for this member."""
        return self.user_id == user_id and self.state is S.QUEUED and self.owner is None

    def row(self) -> tuple[str, str | None, bool, bool, str]:
        """Its expected rows: state, owner, withdrawn flag, and kinds of ledger rows in order."""
        return self.state.value, self.owner, self.withdrawn, self.retried, " ".join(self.ledger)

    def submit(self, owner: str) -> bool:
        """The POST is about to be sent, by the process that called the job up."""
        return self._step(self.state is S.QUEUED and self.owner == owner, S.SUBMITTING, owner)

    def answer(self, owner: str) -> bool:
        """The provider accepted it, possibly very late."""
        late = self.state in {S.UNCERTAIN, S.CANCELLED} and L.UNCERTAIN in self.ledger
        rows = [L.ADJUST, L.CHARGE] if late else [L.CHARGE]
        return self._step(late or self.state is S.SUBMITTING, S.RUNNING, owner, *rows)

    def lose(self) -> bool:
        """It is unknown whether the order arrived; a withdrawn job asks no question."""
        after = S.CANCELLED if self.withdrawn else S.UNCERTAIN
        return self._step(self.state is S.SUBMITTING, after, None, L.UNCERTAIN)

    def give_back(self, owner: str) -> bool:
        """The provider asks to retry later; a withdrawn job is not sent again."""
        after, rows = (S.CANCELLED, [L.RELEASE]) if self.withdrawn else (S.QUEUED, [])
        return self._step(self.state is S.SUBMITTING and self.owner == owner, after, None, *rows)

    def fail(self, cost: Cost) -> bool:
        """It ends without a picture."""
        if self.state is S.RUNNING:
            return self._step(True, S.FAILED, None, *([L.REFUND] if cost is Cost.NOTHING else []))
        return self._step(self.state in {S.QUEUED, S.SUBMITTING}, S.FAILED, None, _CLOSES[cost])

    def fetch(self) -> bool:
        """The picture is on disk; a withdrawn job's picture is kept."""
        after, owner = (S.READY, None) if self.withdrawn else (S.FETCHED, self.owner)
        return self._step(self.state is S.RUNNING, after, owner)

    def keep(self) -> bool:
        """It could not be posted."""
        return self._step(self.state is S.FETCHED, S.READY, None)

    def deliver(self) -> bool:
        """Its message shows it."""
        return self._step(self.state in {S.FETCHED, S.READY}, S.DELIVERED, None)

    def collect(self) -> bool:
        """Its member collected it."""
        return self._step(self.state is S.READY, S.DELIVERED, None)

    def cancel(self) -> bool:
        """Its member cancels it, or drops it."""
        allowed = self.state in {S.QUEUED, S.UNCERTAIN} and not self.retried
        return self._step(allowed, S.CANCELLED, None, *([L.RELEASE] if self.state is S.QUEUED else []))

    def withdraw(self) -> bool:
        """Its member cancels it while it is running."""
        allowed = self.state in {S.SUBMITTING, S.RUNNING} and not self.withdrawn
        self.withdrawn |= allowed
        return allowed

    def retry(self) -> bool:
        """Its member orders it again: another job replaces it."""
        allowed = self.state is S.UNCERTAIN and not self.retried
        self.retried |= allowed
        return allowed

    def _step(self, allowed: bool, to: JobState, owner: str | None, *rows: LedgerKind) -> bool:
        if allowed:
            self.state, self.owner = to, owner
            self.ledger += rows
        return allowed
