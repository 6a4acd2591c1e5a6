"""Requests: accepts them with their jobs and reserves, reads them for cards, records what their messages show."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.credits import LedgerKind
from bot.domain.errors import NoSuchRequestError, Refusal
from bot.domain.job import Job, JobState, NewRequest, RequestView
from bot.domain.limits import QueueLimits
from bot.domain.policy import check_line, check_room
from bot.ports import Shown, ShownPicture
from bot.store import (
    audit,
    blocks,
    fair_queue,
    gate,
    jobs,
    ledger,
    make_private,
    messages,
    pending_responses,
    quotas,
    references,
    rollups,
)
from bot.store.rows import all_rows, job_from, one_row, request_from, to_ms


def accept(db: Database, new: NewRequest, *, room: QueueLimits, not_before: datetime | None = None, now_ms: int) -> int:
    """Store a request with its jobs and their reserves; returns its id. An interaction is accepted only once.

    Raises Refusal if its form was sent before, the member has too many jobs waiting, all members together have while
    nothing is being made, the member is blocked, or a quota forbids it. Checks and inserts are one transaction: two
    concurrent commands can't both pass one limit, nor can an order pass a block.
    """
    known = one_row(db, "SELECT id FROM requests WHERE interaction_id = :id", {"id": new.origin.interaction_id})
    if known:
        return int(known["id"])
    if new.origin.form_id is not None and (number := messages.sent_with(db, new.origin.form_id, new.origin.user_id)):
        raise Refusal("form_sent", number=number)
    check_waiting(db, new.origin.user_id, new.count, room)
    blocks.check(db, new.origin.guild_id, new.origin.user_id, now_ms)
    quotas.check(db, [new], now_ms)
    request_id = _insert_request(db, new, now_ms)
    pending_responses.close(db, new.origin.interaction_id)
    references.insert(db, request_id, new.references)
    for position in range(new.count):
        _insert_job(db, request_id, position, new, not_before, now_ms)
    return request_id


def _insert_job(
    db: Database, request_id: int, position: int, new: NewRequest, not_before: datetime | None, now_ms: int
) -> Job:
    origin = new.origin
    cursor = db.conn.execute(
        "INSERT INTO jobs (request_id, position, user_id, guild_id, resolution, state, price_microcredits, not_before, "
        "held, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            request_id,
            position,
            origin.user_id,
            origin.guild_id,
            new.spec.resolution.value,
            JobState.QUEUED.value,
            new.price_microcredits,
            None if not_before is None else to_ms(not_before),
            int(bool(new.references)),
            now_ms,
        ),
    )
    return announced(db, int(cursor.lastrowid or 0), now_ms)


def check_waiting(db: Database, user_id: int, more: int, room: QueueLimits) -> None:
    """Refuse more jobs than the member may have waiting, or than all may while nothing is being made."""
    check_room(waiting=waiting_of(db, user_id), more=more, limit=room.pending)
    if gate.read(db).shut:
        check_line(waiting=waiting_of_all(db), more=more, limit=room.while_shut)


def announced(db: Database, job_id: int, now_ms: int) -> Job:
    """Add a newly stored job's reserve, first event and totals."""
    job = jobs.get(db, job_id)
    ledger.append(db, job, LedgerKind.RESERVE, now_ms)
    rollups.count(db, job, "requested", now_ms)
    jobs.record_event(db, job, "accepted", now_ms)
    return job


def waiting_of(db: Database, user_id: int) -> int:
    """How many of a member's jobs are queued."""
    row = one_row(db, "SELECT COUNT(*) AS n FROM jobs WHERE state = 'queued' AND user_id = :user", {"user": user_id})
    return int(row["n"]) if row else 0


def waiting_of_all(db: Database) -> int:
    """How many jobs are queued."""
    row = one_row(db, "SELECT COUNT(*) AS n FROM jobs WHERE state = 'queued'")
    return int(row["n"]) if row else 0


def _insert_request(db: Database, new: NewRequest, now_ms: int) -> int:
    values: dict[str, Any] = {
        "kind": new.kind,
        "interaction_id": new.origin.interaction_id,
        "application_id": new.origin.application_id,
        "user_id": new.origin.user_id,
        "guild_id": new.origin.guild_id,
        "channel_id": new.origin.channel_id,
        "locale": new.origin.locale,
        "bot_present": int(new.origin.bot_present),
        "form_id": new.origin.form_id,
        "role_ids": json.dumps(new.origin.role_ids),
        "prompt": new.spec.prompt,
        "size": new.spec.size,
        "resolution": new.spec.resolution.value,
        "google_search": int(new.spec.google_search),
        "google_image_search": int(new.spec.google_image_search),
        "style": new.spec.style,
        "style_text": new.spec.style_text,
        "private": int(new.private),
        "spoiler": int(new.spec.spoiler),
        "upload_limit_bytes": new.upload_limit_bytes,
        "token": new.token,
        "token_expires_at": to_ms(new.token_expires_at),
        "parent_job_id": new.parent_job_id,
        "apart": int(new.apart),
        "created_at": now_ms,
    }
    columns = ", ".join(values)
    marks = ", ".join(f":{column}" for column in values)
    cursor = db.conn.execute(f"INSERT INTO requests ({columns}) VALUES ({marks})", values)
    return int(cursor.lastrowid or 0)


def view(db: Database, request_id: int, draw_up: Callable[[Database], None] = fair_queue.draw_up) -> RequestView:
    """Everything that a request's card is rendered from; `draw_up` is called if one of its jobs is queued.

    Raises NoSuchRequestError if there is no such request.
    """
    row = one_row(db, "SELECT * FROM requests WHERE id = :id", {"id": request_id})
    if row is None:
        raise NoSuchRequestError(f"There is no request {request_id}.")
    of_request = [
        job_from(job)
        for job in all_rows(db, "SELECT * FROM jobs WHERE request_id = :id ORDER BY position, id", {"id": request_id})
    ]
    waiting = [job for job in of_request if job.state is JobState.QUEUED and job.owner is None]
    if waiting:
        draw_up(db)
    places = {job.id: fair_queue.place(db, job) for job in waiting}
    return RequestView(
        request=request_from(row, references.of(db, request_id)),
        jobs=tuple(of_request),
        places={job_id: place for job_id, place in places.items() if place is not None},
        gate=gate.read(db),
    )


def note_shown(db: Database, request_id: int, shown: Shown, *, now_ms: int) -> None:
    """Record what the message shows; jobs whose pictures it shows become `delivered`, in the same transaction.

    If the message already shows a delivery, the transition to `delivered` doesn't mark it as out of date.
    """
    if make_private.overtaken(db, request_id, shown):
        return
    before = one_row(db, "SELECT version, message_id FROM requests WHERE id = :id", {"id": request_id})
    changed_since = before is not None and before["version"] > shown.version
    if before is not None and before["message_id"] and shown.message_id not in {None, before["message_id"]}:
        # A different message: it doesn't show the pictures that only the previous one showed.
        db.conn.execute("UPDATE jobs SET attachment_id = NULL WHERE request_id = ?", (request_id,))
    for job_id, picture in shown.pictures.items():
        delivered(db, job_id, picture, now_ms)
    db.conn.execute(
        "UPDATE requests SET shown = IIF(?, shown, ?), edits = edits + ?, message_id = COALESCE(?, message_id), "
        "message_channel_id = COALESCE(?, message_channel_id), message_by = COALESCE(NULLIF(?, ''), message_by), "
        "shown_version = CASE WHEN ? THEN ? ELSE version END WHERE id = ?",
        (
            not shown.by,
            shown.digest,
            int(shown.edited),
            shown.message_id,
            shown.channel_id,
            shown.by,
            changed_since,
            shown.version,
            request_id,
        ),
    )


def delivered(db: Database, job_id: int, picture: ShownPicture, now_ms: int) -> None:
    """Mark one picture as delivered; a repeated call only updates the attachment's id."""
    before = jobs.get(db, job_id)
    job = jobs.move(
        db, job_id, expected=(JobState.FETCHED, JobState.READY), to=JobState.DELIVERED, event="delivered",
        now_ms=now_ms, attachment_id=picture.attachment_id, attachment_name=picture.file_name, shown_as=picture.shrunk,
        finished_at=now_ms, owner=None,
    )  # fmt: skip
    if job is None:
        db.conn.execute(
            "UPDATE jobs SET attachment_id = ?, attachment_name = ?, shown_as = ? WHERE id = ? AND state = 'delivered'",
            (picture.attachment_id, picture.file_name, picture.shrunk, job_id),
        )
    elif before.state is JobState.FETCHED:  # a picture that was ready has already been counted
        rollups.count(db, job, "delivered", now_ms)


def delete(db: Database, request_id: int, by_user_id: int, *, now_ms: int) -> bool:
    """Mark a request as deleted; False if a job of it is not settled, or it was already deleted."""
    cursor = db.conn.execute(
        "UPDATE requests SET deleted_at = ?, version = version + 1 WHERE id = ? AND deleted_at IS NULL AND NOT EXISTS ("
        "SELECT 1 FROM jobs WHERE request_id = requests.id AND retried_by IS NULL "
        "AND state NOT IN ('delivered', 'ready', 'failed', 'cancelled'))",
        (now_ms, request_id),
    )
    if cursor.rowcount == 0:
        return False
    for row in all_rows(db, "SELECT * FROM jobs WHERE request_id = :id", {"id": request_id}):
        jobs.record_event(db, job_from(row), "deleted", now_ms, f"by user {by_user_id}")
    _audit_deletion(db, request_id, by_user_id, now_ms)
    return True


def _audit_deletion(db: Database, request_id: int, by_user_id: int, now_ms: int) -> None:
    """Audit a deletion of another member's picture, which only moderators can make."""
    [row] = all_rows(
        db,
        "SELECT user_id, guild_id, (SELECT MIN(id) FROM jobs WHERE request_id = requests.id) AS job_id "
        "FROM requests WHERE id = :id",
        {"id": request_id},
    )
    if row["guild_id"] is not None and row["user_id"] != by_user_id:
        entry = NewAuditEntry(
            guild_id=row["guild_id"],
            actor_id=by_user_id,
            action=AuditAction.REMOVE,
            member_id=row["user_id"],
            job_id=row["job_id"],
        )
        audit.append(db, entry, now_ms)


def remove(db: Database, request_id: int, entry: NewAuditEntry, *, now_ms: int) -> bool:
    """Mark a request as deleted in any state: waiting jobs are cancelled, uncertain ones given up."""
    cursor = db.conn.execute(
        "UPDATE requests SET deleted_at = ?, version = version + 1 WHERE id = ? AND deleted_at IS NULL",
        (now_ms, request_id),
    )
    if cursor.rowcount == 0:
        return False
    for row in all_rows(db, "SELECT id, state FROM jobs WHERE request_id = :id", {"id": request_id}):
        if row["state"] in {JobState.QUEUED.value, JobState.UNCERTAIN.value}:
            jobs.cancelled(db, row["id"], now_ms=now_ms)
        jobs.record_event(db, jobs.get(db, row["id"]), "deleted", now_ms, f"by moderator {entry.actor_id}")
    audit.append(db, entry, now_ms)
    return True


def behind(db: Database) -> list[int]:
    """The requests whose message doesn't show their current rows yet."""
    return [row["id"] for row in all_rows(db, "SELECT id FROM requests WHERE shown_version < version ORDER BY id")]


def waiting(db: Database) -> list[int]:
    """The requests with a queued job, in the order they were made."""
    rows = all_rows(db, "SELECT DISTINCT request_id FROM jobs WHERE state = 'queued' ORDER BY request_id")
    return [row["request_id"] for row in rows]
