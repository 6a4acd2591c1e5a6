"""What is kept of one member, as they may read it: rows as they stand, less what is a secret or somebody else's."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from bot.ports.privacy import Record
from bot.store.rows import all_rows, from_ms

_NOT_TOLD: Final = frozenset({"token", "token_expires_at", "owner", "held", "shown", "shown_version", "version"})
"""Keys to Discord's doors, and the bot's own notes about its work."""
_LARGEST_NUMBER: Final = 2**53
"""Many readers of JSON lose digits of larger ones."""
_TIMES: Final = frozenset({"at", "since", "until", "not_before"})

_BESIDE: Final = {
    "styles": "SELECT name, text, saved_at FROM presets WHERE server = 0 AND owner_id = :user ORDER BY key",
    "styles_saved_for_servers": "SELECT owner_id AS guild_id, name, text, saved_at FROM presets "
    "WHERE server = 1 AND saved_by = :user ORDER BY owner_id, key",
    "unanswered_questions": "SELECT * FROM drafts WHERE user_id = :user ORDER BY id",
    # The reason is theirs to read where the moderators let them.
    "blocks": "SELECT guild_id, since, until, iif(told, reason, '') AS reason FROM blocks "
    "WHERE member_id = :user ORDER BY guild_id",
    "done_as_moderator": "SELECT guild_id, action, member_id, job_id, detail, at FROM audit "
    "WHERE actor_id = :user ORDER BY id",
    "done_by_moderators": "SELECT guild_id, action, job_id, at FROM audit "
    "WHERE member_id = :user AND actor_id <> :user ORDER BY id",
    "balance_errors": "SELECT at, job_id, guild_id, http_status, code, message, request_id FROM balance_errors "
    "WHERE user_id = :user ORDER BY id",
}
"""Daily totals are left out: they add up what the requests say one by one."""
_HISTORY: Final = (
    # Who deleted it is noted there as well: a moderator is not named.
    "SELECT at, event, state, iif(event = 'deleted', '', detail) AS detail FROM job_events "
    "WHERE job_id = :id ORDER BY id"
)


def beside(db: Database, user_id: int) -> Mapping[str, Sequence[Record]]:
    """Everything but the requests, by kind."""
    return {kind: [_record(row) for row in all_rows(db, sql, {"user": user_id})] for kind, sql in _BESIDE.items()}


def requests_of(db: Database, user_id: int, after: int, most: int) -> Sequence[Record]:
    """Some requests in the order they were made, with everything that belongs to them."""
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
    names = [name for name in row.keys() if name not in _NOT_TOLD]  # noqa: SIM118 - a Row is no mapping
    return {name: _told(name, row[name]) for name in names}


def _told(name: str, value: Any) -> Any:
    """Times in ISO 8601; Discord's long numbers as text."""
    if value is not None and (name in _TIMES or name.endswith("_at")):
        return from_ms(value).isoformat(timespec="milliseconds")
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        return str(value)
    return value
