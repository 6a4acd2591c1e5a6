"""Converts rows to values and back: UTC milliseconds in the database, aware datetimes outside."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from bot.domain.errors import Cost
from bot.domain.job import Gate, Job, JobState, Origin, Reference, Request, Wiped
from bot.domain.picture import PictureInfo, PictureSpec, Resolution

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
_LAST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970, UTC."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC datetime of a stored time, clamped to the range of datetime."""
    return _EPOCH + timedelta(milliseconds=max(_FIRST_MS, min(milliseconds, _LAST_MS)))


def moment(milliseconds: int | None) -> datetime | None:
    """The same for an optional time."""
    return None if milliseconds is None else from_ms(milliseconds)


def all_rows(db: Database, sql: str, parameters: dict[str, Any] | None = None) -> list[sqlite3.Row]:
    """Every row of a query, read to the end so that no statement stays open."""
    rows: list[sqlite3.Row] = db.conn.execute(sql, parameters or {}).fetchall()
    return rows


def one_row(db: Database, sql: str, parameters: dict[str, Any] | None = None) -> sqlite3.Row | None:
    """The first row of a query, or None."""
    rows = all_rows(db, sql, parameters)
    return rows[0] if rows else None


def reference_from(row: sqlite3.Row) -> Reference:
    """A row of `request_references` as a value."""
    return Reference(
        position=row["position"],
        url=row["url"],
        name=row["name"],
        file_name=row["file_name"],
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        note=row["note"],
    )


def request_from(row: sqlite3.Row, references: tuple[Reference, ...] = ()) -> Request:
    """A row of `requests`, with those of its references, as a value."""
    return Request(
        id=row["id"],
        kind=row["kind"],
        origin=Origin(
            interaction_id=row["interaction_id"],
            application_id=row["application_id"],
            user_id=row["user_id"],
            guild_id=row["guild_id"],
            channel_id=row["channel_id"],
            locale=row["locale"],
            bot_present=bool(row["bot_present"]),
            form_id=row["form_id"],
            role_ids=tuple(json.loads(row["role_ids"] or "[]")),
        ),
        spec=PictureSpec(
            prompt=row["prompt"],
            size=row["size"],
            resolution=Resolution(row["resolution"]),
            google_search=bool(row["google_search"]),
            google_image_search=bool(row["google_image_search"]),
            style=row["style"],
            style_text=row["style_text"],
            spoiler=bool(row["spoiler"]),
        ),
        private=bool(row["private"]),
        token=row["token"],
        token_expires_at=moment(row["token_expires_at"]),
        channel_id=row["message_channel_id"] or row["channel_id"],
        message_id=row["message_id"],
        message_by=row["message_by"],
        shown=row["shown"],
        edits=row["edits"],
        version=row["version"],
        upload_limit_bytes=row["upload_limit_bytes"],
        created_at=from_ms(row["created_at"]),
        references=references,
        parent_job_id=row["parent_job_id"],
        deleted_at=moment(row["deleted_at"]),
        apart=bool(row["apart"]),
        wiped=Wiped(row["wiped"]),
    )


def job_from(row: sqlite3.Row) -> Job:
    """A row of `jobs` as a value."""
    return Job(
        id=row["id"],
        request_id=row["request_id"],
        position=row["position"],
        state=JobState(row["state"]),
        user_id=row["user_id"],
        guild_id=row["guild_id"],
        price_microcredits=row["price_microcredits"],
        owner=row["owner"],
        not_before=moment(row["not_before"]),
        tries=row["tries"],
        task_id=row["task_id"],
        result_url=row["result_url"],
        created_at=from_ms(row["created_at"]),
        submitted_at=moment(row["submitted_at"]),
        eta_at=moment(row["eta_at"]),
        fetched_at=moment(row["fetched_at"]),
        finished_at=moment(row["finished_at"]),
        picture_file=row["picture_file"],
        picture=_picture_from(row),
        shown_as=row["shown_as"],
        attachment_id=row["attachment_id"],
        attachment_name=row["attachment_name"],
        error_code=row["error_code"],
        error_text=row["error_text"],
        cost=Cost(row["cost"]),
        retried_by=row["retried_by"],
        reported_cost=row["reported_cost"],
        effective_resolution=row["effective_resolution"],
        withdrawn_at=moment(row["withdrawn_at"]),
    )


def _picture_from(row: sqlite3.Row) -> PictureInfo | None:
    if row["picture_format"] is None:
        return None
    return PictureInfo(
        format=row["picture_format"],
        extension=row["picture_extension"],
        width=row["width"],
        height=row["height"],
        size_bytes=row["size_bytes"],
    )


def gate_from(row: sqlite3.Row) -> Gate:
    """The row of `gate` as a value."""
    return Gate(
        closed=bool(row["closed"]),
        reason=row["reason"],
        since=moment(row["since"]),
        probe_at=moment(row["probe_at"]),
        backoff_s=row["backoff_ms"] / 1_000,
        told=bool(row["told"]),
        paused_at=moment(row["paused_at"]),
        full_since=moment(row["full_since"]),
        full_told=bool(row["full_told"]),
    )
