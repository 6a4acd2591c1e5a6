"""Stateful test: any steps in any order on the real store; each is done or refused; the ledger balances."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.errors import BalanceError, Cost, RateLimitedError, Refusal, TaskFailedError
from bot.domain.job import Job
from bot.domain.picture import MAX_JOBS
from bot.domain.quota import EVERYONE, Limit
from bot.media.sniff import PNG
from bot.ports import PictureSource, Submission
from bot.ports.stores import Copy
from bot.store.sqlite.reading import read_faults
from bot.store.store import SqliteStore
from tests.properties.ledger_model import Expected, L, S
from tests.support.build import ALICE, BOB, CHANNEL, GUILD, PICTURE, new_request
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import LOST, Steps

_PENDING, _RUNNING, _AT_ONCE, _QUOTA = 4, 3, 4, 5
_ROWS = """
    SELECT id, state, owner, withdrawn_at IS NOT NULL, retried_by IS NOT NULL,
        (SELECT group_concat(kind, ' ') FROM (SELECT kind FROM ledger WHERE job_id = jobs.id ORDER BY ledger.id))
    FROM jobs
"""
_ANSWERS = st.sampled_from(
    [
        Submission(task_id="t"),
        Submission(task_id="t", reported_cost=0.067),
        Submission(source=PictureSource(url="https://a.test/1.png")),
        Submission(source=PictureSource(base64="iVBORw0KGgo=")),
    ]
)


def _jobs_of(life: Life) -> st.SearchStrategy[int]:
    alive = [number for number, job in life.expected.items() if not job.ended]
    ended = [number for number, job in life.expected.items() if job.ended]
    return st.sampled_from(alive + ended[-2:])


_SOME_JOB = st.runner().flatmap(_jobs_of)
"""One of the jobs that something can still happen to, or of the last that ended."""


class Life(RuleBasedStateMachine):
    """Members, the provider, Discord and restarts, all acting on a handful of jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        path = fresh_database(Path(self.folder.name) / "bot.db")
        self.clock = FakeClock()
        limits: dict[str, Any] = {"per_user_running": _RUNNING, "per_user_pending": _PENDING, "max_running": _AT_ONCE}
        self.path, self.expected = path, dict[int, Expected]()
        self.beside = sqlite3.connect(path)
        self.store = SqliteStore(path, self.clock, **limits)
        self.steps = Steps(self.store)
        self.processes = 1
        self.run(self.store.__aenter__())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a store operation."""
        return self.runner.run(work)

    @property
    def owner(self) -> str:
        """The running process."""
        return f"process-{self.processes}"

    def teardown(self) -> None:
        """At the end, every total is the sum of its rows, and every job's ledger balances."""
        self.run(self.store.close())
        self.runner.close()
        self.beside.close()
        try:
            assert list(read_faults(self.path)) == []
        finally:
            self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        """Start with a job; the server limits its members."""
        entry = NewAuditEntry(guild_id=GUILD, actor_id=BOB, action=AuditAction.QUOTA)
        self.run(self.store.quotas.set(EVERYONE, {Limit.PICTURES_MONTH: _QUOTA}, entry))
        self.accept(ALICE, 2, 1_333_333, GUILD)

    @rule(
        user=st.sampled_from([ALICE, BOB]), count=st.integers(1, 2), price=st.integers(0, 3_000_000),
        guild=st.sampled_from([GUILD, None]),
    )  # fmt: skip
    def accept(self, user: int, count: int, price: int, guild: int | None) -> None:
        """A member orders; too many are refused completely."""
        fits = self._fits(user, guild, count)
        order = new_request(user_id=user, count=count, price_microcredits=price, guild_id=guild)
        try:
            view = self.run(self.store.view(self.run(self.store.accept(order))))
        except Refusal:
            assert not fits
            return
        assert fits
        self.expected |= {job.id: self._new(job) for job in view.jobs}

    def _fits(self, user: int, guild: int | None, count: int) -> bool:
        """Whether a member may order this many: queue and quota have room."""
        jobs, today = self.expected.values(), self.clock.now().date()
        waiting = sum(job.user_id == user and job.state is S.QUEUED for job in jobs)
        used = sum(job.counts(user, GUILD, today) for job in jobs) if guild == GUILD else 0
        return waiting + count <= _PENDING and used + count <= (_QUOTA if guild == GUILD else used + count)

    def _new(self, job: Job) -> Expected:
        return Expected(user_id=job.user_id, guild_id=job.guild_id, day=job.created_at.date())

    @rule(most=st.integers(1, 4))
    def admit(self, most: int) -> None:
        """Jobs are called up: each member's oldest first, and never more than the limits allow."""
        for job in self.run(self.store.admit(self.owner, most=most)):
            expected = self.expected[job.id]
            assert job.id == min(number for number, e in self.expected.items() if e.waits_for(job.user_id))
            expected.owner = self.owner
        # A late answer brings a job back to running, with or without a free slot.
        if not any(L.ADJUST in job.ledger for job in self.expected.values()):
            busy = Counter(job.user_id for job in self.expected.values() if job.at_work)
            assert max(busy.values(), default=0) <= _RUNNING
            assert busy.total() <= _AT_ONCE

    @rule(job=_SOME_JOB, answer=_ANSWERS, steps=st.integers(1, 4), astray=st.booleans())
    def go_on(self, job: int, answer: Submission, steps: int, astray: bool) -> None:
        """The normal next steps, so that the walk gets far; optionally the answer to the order is lost."""
        for _ in range(steps):
            match self.expected[job]:
                case Expected(state=S.QUEUED, owner=None):
                    self.admit(_AT_ONCE)
                case Expected(state=S.QUEUED):
                    self.submit(job)
                case Expected(state=S.SUBMITTING) if astray:
                    self.lose(job)
                case Expected(state=S.SUBMITTING | S.UNCERTAIN):
                    self.answer(job, answer)
                case Expected(state=S.RUNNING):
                    self.fetch(job)
                case Expected(state=S.FETCHED):
                    self.deliver(job)

    @rule(job=_SOME_JOB)
    def unclaim(self, job: int) -> None:
        """A called-up job is requeued."""
        self.run(self.store.unclaim(job, self.owner))
        expected = self.expected[job]
        if expected.state is S.QUEUED and expected.owner == self.owner:
            expected.owner = None

    @rule(job=_SOME_JOB)
    def submit(self, job: int) -> None:
        """The POST is about to be sent."""
        self._agree(self.run(self.store.begin_submit(job, self.owner)), self.expected[job].submit(self.owner))

    @rule(job=_SOME_JOB, answer=_ANSWERS)
    def answer(self, job: int, answer: Submission) -> None:
        """The provider answers."""
        happened = self.run(self.store.submitted(job, self.owner, answer, None))
        self._agree(happened, self.expected[job].answer(self.owner))

    @rule(job=_SOME_JOB)
    def lose(self, job: int) -> None:
        """The connection breaks off."""
        self._agree(self.run(self.store.uncertain(job, LOST)), self.expected[job].lose())

    @rule(job=_SOME_JOB, error=st.sampled_from([BalanceError("empty"), RateLimitedError("slow")]), wait=st.booleans())
    def give_back(self, job: int, error: Any, wait: bool) -> None:
        """The provider asks to retry later."""
        not_before = self.clock.now() if wait else None
        happened = self.run(self.store.back_to_queue(job, self.owner, error, not_before))
        self._agree(happened, self.expected[job].give_back(self.owner))

    @rule(job=_SOME_JOB, cost=st.sampled_from(Cost))
    def fail(self, job: int, cost: Cost) -> None:
        """It ends without a picture; a job that was never sent cannot have been charged."""
        cost = Cost.NOTHING if self.expected[job].state is S.QUEUED else cost
        self._agree(self.run(self.store.failed(job, TaskFailedError("no"), cost)), self.expected[job].fail(cost))

    @rule(job=_SOME_JOB)
    def fetch(self, job: int) -> None:
        """The picture is downloaded."""
        happened = self.run(self.store.fetched(job, f"{job}.{PNG.extension}", PICTURE))
        self._agree(happened, self.expected[job].fetch())

    @rule(job=_SOME_JOB)
    def keep(self, job: int) -> None:
        """It cannot be posted anywhere."""
        self._agree(self.run(self.store.ready(job, "nowhere")), self.expected[job].keep())

    @rule(job=_SOME_JOB)
    def deliver(self, job: int) -> None:
        """Its message shows it, possibly for the second time."""
        row = self.run(self.store.job(job))
        self.run(self.store.note_shown(row.request_id, self.run(self.steps.shown_with(row))))
        self.expected[job].deliver()

    @rule(job=_SOME_JOB)
    def collect(self, job: int) -> None:
        """Its member collects it."""
        happened = self.run(self.store.lists.collected(job, Copy(message_id=900 + job, channel_id=CHANNEL)))
        self._agree(happened, self.expected[job].collect())

    @rule(job=_SOME_JOB)
    def cancel(self, job: int) -> None:
        """Its member cancels it."""
        self._agree(self.run(self.store.cancelled(job)), self.expected[job].cancel())

    @rule(job=_SOME_JOB)
    def withdraw(self, job: int) -> None:
        """Its member cancels it while it is running."""
        self._agree(self.run(self.store.withdrawn(job)), self.expected[job].withdraw())

    @rule(job=_SOME_JOB)
    def retry(self, job: int) -> None:
        """Its member orders it again."""
        old = self.expected[job]
        fits = self._fits(old.user_id, old.guild_id, 1)
        try:
            new: Job | None = self.run(self.store.retry(job))
        except Refusal:
            attempts = len(self.run(self.store.view(self.run(self.store.job(job)).request_id)).jobs)
            assert attempts == MAX_JOBS or not fits
            return
        self._agree(new, old.retry())
        if new is not None:
            assert fits
            self.expected[new.id] = self._new(new)

    @rule(job=_SOME_JOB, times=st.integers(2, 6))
    def insist(self, job: int, times: int) -> None:
        """Its member retries repeatedly, and every answer is lost: as often as queue and quota allow."""
        for _ in range(times):
            self.admit(_AT_ONCE)
            self.submit(job)
            self.lose(job)
            known = set(self.expected)
            self.retry(job)
            job = max(set(self.expected) - known, default=job)

    @rule(seconds=st.sampled_from([1, 7_000, 90_000, -3_600]))
    def wait(self, seconds: int) -> None:
        """Time passes, or the clock jumps back."""
        self.clock.shift(seconds)

    @rule()
    def restart(self) -> None:
        """A new process takes over; the old one's calls have no effect."""
        old, at_work = self.owner, {S.SUBMITTING, S.RUNNING, S.FETCHED}
        self.processes += 1
        adopted = {job.id for job in self.run(self.store.adopt(self.owner))}
        assert adopted == {number for number, job in self.expected.items() if job.state in at_work}
        for job in self.expected.values():
            job.owner = self.owner if job.state in at_work else None
        for number in list(self.expected)[:2]:
            assert self.run(self.store.begin_submit(number, old)) is None
            assert self.run(self.store.back_to_queue(number, old, RateLimitedError("slow"), None)) is None

    @invariant()
    def rows_are_as_expected(self) -> None:
        """No step changed another job, wrote a row too many or one too few."""
        assert {row[0]: row[1:] for row in self.beside.execute(_ROWS)} == {
            number: job.row() for number, job in self.expected.items()
        }

    @staticmethod
    def _agree(job: Job | None, expected: bool) -> None:
        assert (job is not None) is expected, "it happened" if job is not None else "it did not happen"


def test_ledger_balances_after_any_sequence_of_steps() -> None:
    """Members, provider and restarts in any order: guards hold, and every sum is correct."""
    usual = settings()
    # Shrinking an example takes minutes: useful when debugging, not in a full test run.
    phases = [phase for phase in usual.phases if phase is not Phase.shrink or usual.database is not None]
    walks = settings(usual, max_examples=max(8, usual.max_examples // 20), stateful_step_count=40, phases=phases)
    run_state_machine_as_test(Life, settings=walks)
