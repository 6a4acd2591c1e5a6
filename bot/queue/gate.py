"""The gate: an empty balance (or a refused key) is a state that pauses submission, and ends by itself.

Its owner can shut it too, which is ended by its owner alone; and so does a full disk, until there is room again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.domain.errors import Markup, ProviderError, StoreError
from bot.domain.job import Gate
from bot.ports import GateStore, JobStore, OwnerAlerts, Presenter, RequestStore
from bot.queue.retry import StoreRetry
from bot.queue.wakeup import Wakeup
from bot.tasks import TaskGroup

log = logging.getLogger(__name__)

_LONGEST: Final = 15
"""The back-off doubles up to this multiple of the first: from 1 to 15 minutes."""
_SETTLING_S: Final = 2.0
"""After it opened most cards have news of their own; only those that still wait then are shown anew."""


class SubmissionGate:
    """Closes and opens the gate, and says how many jobs may be submitted now.

    A closed gate lets one job through whenever a probe is due; what becomes of that job decides. A restart probes at
    once. Its owners are told once when it closes and once when it opens again, in the order in which that happened.
    """

    def __init__(
        self,
        *,
        gates: GateStore,
        jobs: JobStore,
        requests: RequestStore,
        presenter: Presenter,
        alerts: OwnerAlerts,
        clock: Clock,
        rng: random.Random,
        tasks: TaskGroup,
        wakeup: Wakeup,
        probe_s: float,
    ) -> None:
        self._gates = gates
        self._jobs = jobs
        self._requests = requests
        self._presenter = presenter
        self._alerts = alerts
        self._clock = clock
        self._tasks = tasks
        self._wakeup = wakeup
        self._probe_s = probe_s
        self._insist = StoreRetry(clock, rng)
        self._gate = Gate(closed=False)
        self._probe_job: int | None = None
        self._telling_room = False
        self._speaking = asyncio.Lock()
        self._announced: set[str] = set()

    async def start(self) -> None:
        """Read the stored gate; a closed one is probed at once."""
        self._gate = await self._gates.gate()
        if not self._gate.closed:
            return
        if not self._gate.told:  # the process ended between closing it and saying so
            self.announce_closed(self._gate.reason)
        self._announced.add(self._gate.reason)
        self._gate = replace(self._gate, probe_at=self._clock.now(), backoff_s=self._probe_s)
        self._tasks.start(self._insist(self._record), name="note-gate")  # a disk in trouble holds up no start

    @property
    def state(self) -> Gate:
        """The gate as it is."""
        return self._gate

    @property
    def probe_at(self) -> datetime | None:
        """When the next probe is due; None while the gate is open or held back, or a probe is under way."""
        probing = self._gate.closed and not self._gate.held_back and self._probe_job is None
        return self._gate.probe_at if probing else None

    def allowance(self, most: int) -> int:
        """How many jobs may be submitted now, of at most `most`."""
        if not self._gate.shut:
            return most
        due = self.probe_at is not None and self._gate.probe_due(self._clock.now())
        return min(1, most) if due else 0

    def lets_through(self, job_id: int) -> bool:
        """Whether a job that was called up may still be submitted: the gate may have been shut since."""
        return not self._gate.shut or (not self._gate.held_back and self._probe_job == job_id)

    def admitted(self, job_id: int) -> None:
        """Note that a job was called up: through a closed gate it is the probe, if one is due.

        The gate may have closed while several were being called up; those are no probes, and go back to their places.
        """
        if self.allowance(1) and self._gate.closed:
            self._probe_job = job_id
            log.info("gate_probe", extra={"job_id": job_id, "reason": self._gate.reason})

    async def refused(self, job_id: int, error: ProviderError) -> bool:
        """Close the gate after an empty balance or a refused key; a failed probe doubles the wait for the next.

        Returns whether that is news (it closed it, or for another reason than the owners know of): then
        `announce_closed` is due, once the job is back in its place.
        """
        was_probe = self._end_probe(job_id)
        if self._gate.closed and not was_probe:
            return False  # several were under way when the first answer came: one closing is enough
        doubled_s = min(self._gate.backoff_s * 2, self._probe_s * _LONGEST)
        backoff_s = doubled_s if self._gate.closed else self._probe_s
        news = not self._gate.closed or error.code not in self._announced
        self._announced.add(error.code)
        probe_at = self._clock.now() + timedelta(seconds=backoff_s)
        await self._put_off(error.code, backoff_s=backoff_s, probe_at=probe_at)
        log.warning("gate_closed", extra={"reason": error.code, "probe_in_s": backoff_s, "status": error.http_status})
        return news

    def announce_closed(self, reason: str) -> None:
        """Say so on every waiting card, and to the owner."""
        self._tasks.start(self._announce_closed(reason), name="announce-gate-closed")

    async def passed(self, job_id: int) -> None:
        """Open the gate if this job was the probe: the provider took it."""
        if not self._end_probe(job_id):
            return
        reason = self._gate.reason
        self._gate = replace(self._gate, closed=False, reason="", since=None, probe_at=None, backoff_s=0.0, told=False)
        self._announced.clear()
        log.info("gate_opened", extra={"reason": reason})
        self._wakeup.wake()
        await self._insist(self._record)
        self._tasks.start(self._announce_open(reason), name="announce-gate-open")

    async def undecided(self, job_id: int) -> None:
        """Probe again after the same wait: the job that was the probe ended without telling anything about the gate."""
        if self._end_probe(job_id):
            backoff_s = self._gate.backoff_s
            probe_at = self._clock.now() + timedelta(seconds=backoff_s)
            await self._put_off(self._gate.reason, backoff_s=backoff_s, probe_at=probe_at)
            self._wakeup.wake()

    async def pause(self) -> bool:
        """Submit nothing from now on, until `resume`; returns whether it was not paused before."""
        paused = await self._gates.pause()
        self._gate = replace(self._gate, paused_at=self._gate.paused_at or self._clock.now())
        if paused:
            log.warning("gate_paused")
            self._tasks.start(self._announce("paused"), name="announce-pause")
        return paused

    async def resume(self) -> Gate:
        """End a pause, and have a closed gate probed at once; returns the gate as it was before."""
        before = self._gate
        unpaused = await self._gates.unpause()
        self._gate = replace(self._gate, paused_at=None)
        if unpaused:
            log.info("gate_resumed")
            self._tasks.start(self._announce("resumed"), name="announce-resume")
        await self._probe_from_now_on()
        self._wakeup.wake()
        return before

    def room(self, shortage: str) -> None:
        """Take note of what the disk lacks, or with "" that it lacks nothing; costs nothing while that stays the same.

        Memory counts at once. What is written and told follows: a disk that cannot be written keeps nobody from both.
        """
        full = bool(shortage)
        if full and self._gate.full_since is None:
            self._gate = replace(self._gate, full_since=self._clock.now(), full_told=False)
        elif not full and self._gate.full_since is not None:
            self._gate = replace(self._gate, full_since=None)
            self._wakeup.wake()
        elif self._gate.full_told == full:
            return
        if not self._telling_room:
            self._telling_room = True
            self._tasks.start(self._tell_room(shortage), name="announce-disk")

    async def probe_soon(self) -> None:
        """Probe a closed gate now: there is a sign that it may open. If it does not, the usual wait goes on."""
        if self.probe_at is not None:
            await self._put_off(self._gate.reason, backoff_s=self._gate.backoff_s, probe_at=self._clock.now())

    async def _probe_from_now_on(self) -> None:
        """Begin the back-off of a closed gate anew, with a probe at once; one that is under way is probe enough."""
        if self._gate.closed and self._probe_job is None:
            await self._put_off(self._gate.reason, backoff_s=self._probe_s, probe_at=self._clock.now())

    def _end_probe(self, job_id: int) -> bool:
        if self._probe_job != job_id:
            return False
        self._probe_job = None
        return self._gate.closed

    async def _put_off(self, reason: str, *, backoff_s: float, probe_at: datetime) -> None:
        # Memory first: nobody may slip through while the database is busy.
        since = self._gate.since or self._clock.now()
        self._gate = replace(
            self._gate, closed=True, reason=reason, since=since, probe_at=probe_at, backoff_s=backoff_s
        )
        self._wakeup.wake()
        await self._insist(self._record)

    async def _record(self) -> None:
        """Write the gate down as it is by now: after database trouble the latest state counts, not the first."""
        gate = self._gate
        if gate.probe_at is None:
            await self._gates.open_gate()
        else:
            await self._gates.close_gate(gate.reason, probe_at=gate.probe_at, backoff_s=gate.backoff_s)

    async def _announce_closed(self, reason: str) -> None:
        self._presenter.refresh_line(await self._requests.waiting_requests())
        known = reason if reason in {"balance", "invalid_key"} else "refused"
        async with self._speaking:
            waiting = await self._insist(self._waiting)
            values = {"waiting": waiting, "seconds": self._probe_s, "reason": reason}
            await self._alerts.tell(f"closed_{known}", resumable=True, **values)
            await self._insist(self._note_told)

    async def _announce_open(self, reason: str) -> None:
        await self._announce("opened_balance" if reason == "balance" else "opened")
        await self._clock.sleep(_SETTLING_S)
        self._presenter.refresh_line(await self._requests.waiting_requests())

    async def _announce(self, key: str) -> None:
        if key in {"paused", "resumed"}:
            self._presenter.refresh_line(await self._requests.waiting_requests())
        async with self._speaking:
            await self._alerts.tell(key, waiting=await self._insist(self._waiting))

    async def _tell_room(self, shortage: str) -> None:
        """Tell the owners once, and every waiting card; what changes meanwhile is told at the next look."""
        try:
            full = bool(shortage)
            with suppress(StoreError):  # tried again below: first, cards and a restart should know, if the disk permits
                await self._record_room()
            if full != self._gate.full_told:
                async with self._speaking:
                    waiting = await self._insist(self._waiting)
                    await self._alerts.tell(
                        "disk_full" if full else "disk_roomy", shortage=Markup(shortage), waiting=waiting
                    )
                self._gate = replace(self._gate, full_told=full)
            await self._insist(self._record_room)
            self._presenter.refresh_line(await self._requests.waiting_requests())
        finally:
            self._telling_room = False

    async def _record_room(self) -> None:
        await self._gates.note_room(self._gate.full_since, told=self._gate.full_told)

    async def _waiting(self) -> int:
        return await self._jobs.waiting()

    async def _note_told(self) -> None:
        await self._gates.note_told()
