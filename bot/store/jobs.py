"""A job's transitions: each is one guarded UPDATE with its event and its ledger row, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.domain.credits import LedgerKind
from bot.domain.errors import BotError, Cost, ProviderError, StoreError
from bot.domain.job import TRANSITIONS, Job, JobState
from bot.domain.picture import PictureInfo, Resolution
from bot.ports import Submission, TaskState, TaskStatus
from bot.store import ledger, redaction, rollups
from bot.store.rows import all_rows, job_from, one_row, to_ms

S = JobState
_CLOSED_BY = {Cost.NOTHING: LedgerKind.RELEASE, Cost.POSSIBLY: LedgerKind.UNCERTAIN, Cost.CHARGED: LedgerKind.CHARGE}
"""How the reserve of a job that fails before it runs is closed."""
_STEP_FAILED = "step failed"


def get(db: Database, job_id: int) -> Job:
    """One job; raises StoreError if there is none with this id."""
    job = find(db, job_id)
    if job is None:
        raise StoreError(f"There is no job {job_id}.")
    return job


def find(db: Database, job_id: int, *, of_member: int | None = None) -> Job | None:
    """One job; None if there is none or it belongs to another member."""
    sql = "SELECT * FROM jobs WHERE id = :id AND (:member IS NULL OR user_id = :member)"
    row = one_row(db, sql, {"id": job_id, "member": of_member})
    return job_from(row) if row else None


def in_states(db: Database, states: Iterable[JobState]) -> list[Job]:
    """All jobs in these states, oldest first."""
    found = [row for state in states for row in all_rows(db, "SELECT * FROM jobs WHERE state = :s", {"s": state.value})]
    return sorted(map(job_from, found), key=lambda job: job.id)


def record_event(db: Database, job: Job, event: str, now_ms: int, detail: str = "") -> None:
    """Append to the job's history; the row records the job's state afterwards."""
    db.conn.execute(
        "INSERT INTO job_events (job_id, at, event, state, owner, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (job.id, now_ms, event, job.state.value, job.owner, detail),
    )


def move(
    db: Database,
    job_id: int,
    *,
    expected: Iterable[JobState],
    to: JobState,
    event: str,
    now_ms: int,
    detail: str = "",
    only_owner: str | None = None,
    **columns: Any,
) -> Job | None:
    """Move a job to another state if it is in an expected one (and belongs to `only_owner`, if given).

    Returns the updated job, or None if another process or step moved it first. `columns` are set in the same UPDATE.
    """
    states = [state for state in expected if to in TRANSITIONS[state]]
    if not states:
        raise ValueError(f"no job moves from {expected} to {to}")
    columns["state"] = to.value
    assignments = ", ".join(f"{column} = :{column}" for column in columns)
    guard = f"id = :guard_id AND state IN ({', '.join(repr(state.value) for state in states)})"
    if only_owner is not None:
        guard += " AND owner = :guard_owner"
    cursor = db.conn.execute(
        f"UPDATE jobs SET {assignments} WHERE {guard}",
        {**columns, "guard_id": job_id, "guard_owner": only_owner},
    )
    if cursor.rowcount == 0:
        return None
    job = get(db, job_id)
    record_event(db, job, event, now_ms, detail)
    db.conn.execute("UPDATE requests SET version = version + 1 WHERE id = ?", (job.request_id,))
    return job


def _take_turn(db: Database, user_id: int) -> None:
    """Move a member to the end of the round robin: the provider accepted a job of theirs.

    Starts are numbered, not timed: a clock may be set back, which must not change the order.
    """
    db.conn.execute(
        "INSERT INTO turns (user_id, last_start) SELECT ?, COALESCE(MAX(last_start), 0) + 1 FROM turns WHERE true "
        "ON CONFLICT (user_id) DO UPDATE SET last_start = excluded.last_start",
        (user_id,),
    )


def begin_submit(db: Database, job_id: int, *, owner: str, now_ms: int) -> Job | None:
    """Record that the POST is about to be sent; None if the job was cancelled or belongs to another process."""
    return move(
        db, job_id, expected=(S.QUEUED,), to=S.SUBMITTING, event="submitting", now_ms=now_ms, only_owner=owner,
        submitted_at=now_ms, not_before=None,
    )  # fmt: skip


def accepted_by_provider(
    db: Database, job_id: int, submission: Submission, *, owner: str, eta_at: datetime | None, now_ms: int
) -> Job | None:
    """Record the POST's answer and the resulting charge, even if it arrives after the job was given up."""
    possibly_charged = ledger.has(db, job_id, LedgerKind.UNCERTAIN)
    # A job that was cancelled while queued had no POST that could be answered.
    late = (S.UNCERTAIN, S.CANCELLED) if possibly_charged else ()
    job = move(
        db, job_id, expected=(S.SUBMITTING, *late), to=S.RUNNING, event="submitted", now_ms=now_ms,
        detail=f"request id {submission.request_id}" if submission.request_id else "",
        owner=owner, task_id=submission.task_id, result_url=_address_of(submission),
        reported_cost=submission.reported_cost, effective_resolution=submission.effective_resolution,
        eta_at=None if eta_at is None else to_ms(eta_at),
        error_code="", error_text="", cost=Cost.CHARGED.value, finished_at=None,
    )  # fmt: skip
    if job is not None:
        if possibly_charged:
            ledger.append(db, job, LedgerKind.ADJUST, now_ms)
        ledger.append(db, job, LedgerKind.CHARGE, now_ms)
        rollups.reported(db, job, None)
        _take_turn(db, job.user_id)
    return job


def _address_of(submission: Submission) -> str | None:
    """The URL of a picture that the submit call returned; inline bytes are already on disk."""
    source = submission.source
    return source.url if source is not None and source.remote else None


def back_to_queue(
    db: Database, job_id: int, error: ProviderError, *, owner: str, not_before: datetime | None, now_ms: int
) -> Job | None:
    """Return a job to the queue after an answer that certainly started nothing; the reserve is kept.

    Only a failure of this job alone counts as an attempt, not an answer that delays all jobs.
    """
    tries = get(db, job_id).tries + (not_before is not None)
    job = move(
        db, job_id, expected=(S.SUBMITTING,), to=S.QUEUED, event=f"returned:{error.code}", now_ms=now_ms,
        detail=str(error), only_owner=owner, owner=None, submitted_at=None,
        not_before=None if not_before is None else to_ms(not_before), tries=tries,
    )  # fmt: skip
    return _withdrawn(db, job, now_ms)


def uncertain(
    db: Database, job_id: int, error: BotError, *, now_ms: int, expected: JobState = S.SUBMITTING
) -> Job | None:
    """Stop a job whose POST may have been carried out; only its member can continue it."""
    job = move(
        db, job_id, expected=(expected,), to=S.UNCERTAIN, event="uncertain", now_ms=now_ms, detail=str(error),
        owner=None, error_code=error.code, error_text=str(error), cost=Cost.POSSIBLY.value,
    )  # fmt: skip
    if job is not None:
        ledger.append(db, job, LedgerKind.UNCERTAIN, now_ms)
        rollups.count(db, job, "uncertain", now_ms)
        rollups.trouble(db, job, error, now_ms, uncertain=True)
        _take_turn(db, job.user_id)
    return _withdrawn(db, job, now_ms)


def step_failed(db: Database, job_id: int, what: str, *, now_ms: int) -> int:
    """Append an unexpected error to a job's history; its state is kept. Returns how many errors it has had."""
    record_event(db, get(db, job_id), _STEP_FAILED, now_ms, what)
    sql = "SELECT COUNT(*) AS times FROM job_events WHERE job_id = :id AND event = :event"
    row = one_row(db, sql, {"id": job_id, "event": _STEP_FAILED})
    return int(row["times"]) if row else 0


def failed(db: Database, job_id: int, error: BotError, cost: Cost, *, now_ms: int) -> Job | None:
    """Fail a job without a picture, and close its ledger: a reserve is settled, a charge is refunded."""
    before = get(db, job_id)
    job = move(
        db, job_id, expected=(S.QUEUED, S.SUBMITTING, S.RUNNING), to=S.FAILED, event=f"failed:{error.code}",
        now_ms=now_ms, detail=str(error), owner=None, error_code=error.code, error_text=str(error), cost=cost.value,
        finished_at=now_ms,
    )  # fmt: skip
    if job is None:
        return None
    if before.state is not S.RUNNING:
        ledger.append(db, job, _CLOSED_BY[cost], now_ms)
        _take_turn(db, job.user_id)
    elif cost is Cost.NOTHING:
        ledger.append(db, job, LedgerKind.REFUND, now_ms)
    rollups.count(db, job, "failed", now_ms)
    rollups.failed(db, job, error, now_ms)
    return job


def fetched(
    db: Database, job_id: int, file_name: str, picture: PictureInfo, status: TaskStatus | None = None, *, now_ms: int
) -> Job | None:
    """Record that the picture is on disk and verified, with the provider's final figures."""
    before = get(db, job_id)
    told = status or TaskStatus(state=TaskState.SUCCEEDED)
    job = move(
        db, job_id, expected=(S.RUNNING,), to=S.FETCHED, event="fetched", now_ms=now_ms, fetched_at=now_ms,
        picture_file=file_name, picture_format=picture.format, picture_extension=picture.extension,
        width=picture.width, height=picture.height, size_bytes=picture.size_bytes,
        reported_cost=before.reported_cost if told.reported_cost is None else told.reported_cost,
        effective_resolution=told.effective_resolution or before.effective_resolution,
    )  # fmt: skip
    if job is not None:
        rollups.reported(db, job, before.reported_cost)
        rollups.waited(db, job, now_ms)
        redaction.note_file(db, job.request_id)
    return _withdrawn(db, job, now_ms)


def picture_lost(db: Database, job_id: int, *, now_ms: int) -> Job | None:
    """Return a job to polling because its picture was lost from disk before it was shown."""
    before = get(db, job_id)
    job = move(
        db, job_id, expected=(S.FETCHED,), to=S.RUNNING, event="picture lost", now_ms=now_ms, fetched_at=None,
        picture_file=None, picture_format=None, picture_extension=None, width=None, height=None, size_bytes=None,
    )  # fmt: skip
    if job is not None:
        rollups.not_waited(db, before)
    return job


def ready(db: Database, job_id: int, reason: str, *, now_ms: int) -> Job | None:
    """Keep a picture that could not be posted anywhere."""
    job = move(
        db, job_id, expected=(S.FETCHED,), to=S.READY, event="ready", now_ms=now_ms, detail=reason, owner=None,
        finished_at=now_ms,
    )  # fmt: skip
    if job is not None:
        rollups.count(db, job, "delivered", now_ms)
    return job


def cancelled(db: Database, job_id: int, *, now_ms: int) -> Job | None:
    """Cancel a waiting job for free, or give up an uncertain one; its possible charge stays in the ledger."""
    before = get(db, job_id)
    if before.retried_by is not None:
        return None
    job = move(
        db, job_id, expected=(S.QUEUED, S.UNCERTAIN), to=S.CANCELLED, event="cancelled", now_ms=now_ms, owner=None,
        finished_at=now_ms,
    )  # fmt: skip
    if job is None:
        return None
    if before.state is S.QUEUED:
        ledger.append(db, job, LedgerKind.RELEASE, now_ms)
    rollups.count(db, job, "cancelled", now_ms)
    return job


def withdrawn(db: Database, job_id: int, *, now_ms: int) -> Job | None:
    """Record that the member cancelled a running job; None if it isn't running, or was already withdrawn."""
    cursor = db.conn.execute(
        "UPDATE jobs SET withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL AND state IN ('submitting', 'running')",
        (now_ms, job_id),
    )
    if cursor.rowcount == 0:
        return None
    job = get(db, job_id)
    record_event(db, job, "withdrawn", now_ms)
    db.conn.execute("UPDATE requests SET version = version + 1 WHERE id = ?", (job.request_id,))
    return job


def _withdrawn(db: Database, job: Job | None, now_ms: int) -> Job | None:
    """Apply a member's earlier cancellation in the transaction of the step that it waited for.

    A withdrawn job is not submitted again, asks no question, and is not posted; its picture is paid for and kept for
    the member.
    """
    if job is None or job.withdrawn_at is None:
        return job
    if job.state is S.FETCHED:
        return ready(db, job.id, "its member cancelled it while it was being made", now_ms=now_ms)
    return cancelled(db, job.id, now_ms=now_ms)


def adopt(db: Database, *, owner: str) -> list[Job]:
    """Take ownership at start-up of everything that an earlier process left in progress; returns it, oldest first.

    Claimed but unsubmitted jobs return to the queue; jobs no longer wait for their member to be answered.
    """
    db.conn.execute("UPDATE jobs SET not_before = NULL WHERE state = 'queued' AND tries = 0 AND not_before IS NOT NULL")
    db.conn.execute("UPDATE jobs SET owner = NULL WHERE state = 'queued' AND owner IS NOT NULL")
    db.conn.execute("UPDATE jobs SET owner = ? WHERE state IN ('submitting', 'running', 'fetched')", (owner,))
    return in_states(db, (S.SUBMITTING, S.RUNNING, S.FETCHED))


def recent_durations(db: Database, resolution: Resolution, limit: int) -> list[float]:
    """Seconds from submit to picture of the latest pictures of a resolution, oldest first."""
    rows = all_rows(
        db,
        "SELECT (fetched_at - submitted_at) / 1000.0 AS seconds FROM jobs "
        "WHERE resolution = :resolution AND fetched_at IS NOT NULL ORDER BY fetched_at DESC LIMIT :most",
        {"resolution": resolution.value, "most": limit},
    )
    return [row["seconds"] for row in reversed(rows) if row["seconds"] is not None]
