"""The queue: its wakeup and rate limiter first, then gate, references, pipeline and admission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.composition.foundation import Foundation
from bot.domain.disk import DiskRule, DiskState
from bot.ports import OwnerAlerts, Presenter
from bot.queue.admission import Admission
from bot.queue.disk_monitor import DiskMonitor
from bot.queue.gate import SubmissionGate
from bot.queue.pipeline import Pipeline
from bot.queue.polling import Poller
from bot.queue.rate_limiter import RateLimiter
from bot.queue.reference_transport import ReferenceTransport, TransportMode
from bot.queue.wakeup import Wakeup


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What takes a job from its place in line to a picture on disk."""

    wakeup: Wakeup
    rate_limiter: RateLimiter
    gate: SubmissionGate
    disk_monitor: DiskMonitor
    reference_transport: ReferenceTransport
    pipeline: Pipeline
    admission: Admission


def build_queue(
    base: Foundation,
    *,
    presenter: Presenter,
    alerts: OwnerAlerts,
    look: Callable[[], DiskState],
    disk_rule: DiskRule,
    probe_s: float,
    transport: TransportMode | None = None,
) -> Queue:
    """The queue, not started. `look` says what the disk is like; `transport` is None for all forms of references."""
    store = base.store
    wakeup, rate_limiter = Wakeup(), RateLimiter(base.rng)
    gate = SubmissionGate(
        gates=store,
        jobs=store,
        requests=store,
        presenter=presenter,
        alerts=alerts,
        clock=base.clock,
        rng=base.rng,
        tasks=base.announcements,
        wakeup=wakeup,
        probe_s=probe_s,
    )
    disk_monitor = DiskMonitor(look=look, rule=disk_rule, gate=gate, clock=base.clock)
    references = _reference_transport(base, presenter, wakeup, transport)
    pipeline = Pipeline(
        jobs=store,
        requests=store,
        provider=base.provider,
        files=base.files,
        poller=_poller(base, disk_monitor),
        reference_transport=references,
        gate=gate,
        rate_limiter=rate_limiter,
        wakeup=wakeup,
        presenter=presenter,
        durations=base.durations,
        clock=base.clock,
        rng=base.rng,
        owner=base.owner,
        count=base.counters.skipped,
    )
    return Queue(
        wakeup=wakeup,
        rate_limiter=rate_limiter,
        gate=gate,
        disk_monitor=disk_monitor,
        reference_transport=references,
        pipeline=pipeline,
        admission=_admission(base, gate, rate_limiter, wakeup, pipeline),
    )


def _reference_transport(
    base: Foundation, presenter: Presenter, wakeup: Wakeup, transport: TransportMode | None
) -> ReferenceTransport:
    return ReferenceTransport(
        requests=base.store,
        jobs=base.store,
        copies=base.copies,
        spool=base.files,
        uploads=base.provider,
        presenter=presenter,
        clock=base.clock,
        rng=base.rng,
        wakeup=wakeup,
        transport=transport,
    )


def _poller(base: Foundation, disk_monitor: DiskMonitor) -> Poller:
    return Poller(
        jobs=base.store,
        requests=base.store,
        provider=base.provider,
        files=base.files,
        durations=base.durations,
        polling=base.polling,
        clock=base.clock,
        rng=base.rng,
        backpressure=base.backpressure,
        room_for_a_picture=disk_monitor.room_for_a_picture,
    )


def _admission(
    base: Foundation, gate: SubmissionGate, rate_limiter: RateLimiter, wakeup: Wakeup, pipeline: Pipeline
) -> Admission:
    return Admission(
        jobs=base.store,
        gate=gate,
        rate_limiter=rate_limiter,
        wakeup=wakeup,
        clock=base.clock,
        owner=base.owner,
        backpressure=base.backpressure,
        start=pipeline.start,
    )
