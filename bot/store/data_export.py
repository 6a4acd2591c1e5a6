"""The stored data of one member in readable form: rows without secrets and without other people's data."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from bot.ports.privacy import Record
from bot.store.rows import all_rows, from_ms

_NOT_TOLD: Final = frozenset({"token", "token_expires_at", "owner", "held", "shown", "shown_version", "version"})
"""Interaction tokens and internal bookkeeping."""
_LARGEST_NUMBER: Final = 2**53
"""Many JSON parsers lose precision above this."""
_TIMES: Final = frozenset({"at", "since", "until", "not_before"})

_BESIDE: Final = {
    "styles": "SELECT name, text, saved_at FROM presets WHERE server = 0 AND owner_id = :user ORDER BY key",
    "styles_saved_for_servers": "SELECT owner_id AS guild_id, name, text, saved_at FROM presets "
    "WHERE server = 1 AND saved_by = :user ORDER BY owner_id, key",
    "unanswered_questions": "SELECT * FROM drafts WHERE user_id = :user ORDER BY id",
    # The reason is included only if the moderators made it visible to the member.
    "blocks": "SELECT guild_id, since, until, iif(told, reason, '') AS reason FROM blocks "
    "WHERE member_id = :user ORDER BY guild_id",
    "done_as_moderator": "SELECT guild_id, action, member_id, job_id, detail, at FROM audit "
    "WHERE actor_id = :user ORDER BY id",
    "done_by_moderators": "SELECT guild_id, action, job_id, at FROM audit "
    "WHERE member_id = :user AND actor_id <> :user ORDER BY id",
    "balance_errors": "SELECT at, job_id, guild_id, http_status, code, message, request_id FROM balance_errors "
    "WHERE user_id = :user ORDER BY id",
}
"""Daily totals are left out: they only sum up the requests."""
_HISTORY: Final = (
    # Deletions by moderators are recorded there too; a moderator is not named.
    "SELECT at, event, state, iif(event = 'deleted', '', detail) AS detail FROM job_events "
    "WHERE job_id = :id ORDER BY id"
)


def beside(db: Database, user_id: int) -> Mapping[str, Sequence[Record]]:
    """Everything but the requests, by kind."""
    return {kind: [_record(row) for row in all_rows(db, sql, {"user": user_id})] for kind, sql in _BESIDE.items()}


def requests_of(db: Database, user_id: int, after: int, most: int) -> Sequence[Record]:
    """Some requests in the order they were made, with all rows that belong to them."""
    rows = all_rows(
        db,
        "SELECT * FROM requests WHERE user_id = :user AND id > :after ORDER BY id LIMIT :most",
        {"user": user_id, "after": after, "most": most},
    )
    return [
        {**_record(row), "references": _references(db, row["id"]), "pictures": _pictures(db, row["id"])} for row in rows
    ]


def _references(db: Database, request_id: int) -> Sequence[Record]:
    sql = (
        "SELECT name, url, content_type, size_bytes, note FROM request_references "
        "WHERE request_id = :id ORDER BY position"
    )
    return [_record(row) for row in all_rows(db, sql, {"id": request_id})]


def _pictures(db: Database, request_id: int) -> Sequence[Record]:
    return [
        {
            **_record(row),
            "history": _of_job(db, _HISTORY, row),
            "ledger": _of_job(
                db, "SELECT at, kind, amount_microcredits FROM ledger WHERE job_id = :id ORDER BY id", row
            ),
        }
        for row in all_rows(db, "SELECT * FROM jobs WHERE request_id = :id ORDER BY id", {"id": request_id})
    ]


def _of_job(db: Database, sql: str, job: sqlite3.Row) -> Sequence[Record]:
    return [_record(row) for row in all_rows(db, sql, {"id": job["id"]})]


def _record(row: sqlite3.Row) -> dict[str, Any]:
    names = [name for name in row.keys() if name not in _NOT_TOLD]  # noqa: SIM118 - a Row is not a mapping
    return {name: _told(name, row[name]) for name in names}


def _told(name: str, value: Any) -> Any:
    """A value for the export: times in ISO 8601, Discord's long ids as text."""
    if value is not None and (name in _TIMES or name.endswith("_at")):
        return from_ms(value).isoformat(timespec="milliseconds")
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        return str(value)
    return value
