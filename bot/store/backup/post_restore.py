"""Makes a restored database safe to run, since orders may have continued after its backup was made.

Its queued jobs may have been ordered, charged and delivered since. None is ordered again automatically, no message that
may show a picture by now is edited, and no id that may have been used since is used again.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.domain.errors import RestoredError, StartupError
from bot.domain.job import SETTLED, JobState, Wiped
from bot.store import jobs, redaction
from bot.store.rows import all_rows, one_row
from bot.store.sqlite.reading import opened

_NUMBERED: Final = ("requests", "jobs", "drafts", "word_rules")
"""Tables whose ids appear in messages, in their buttons, or in file names."""
_GAP: Final = 100_000
_LEADING_NUMBER: Final = re.compile(r"[0-9]{1,15}(?=[.-])")
_OPEN: Final = ", ".join(f"'{state}'" for state in JobState if state not in SETTLED)
_UNSETTLED: Final = (
    f"deleted_at IS NULL AND wiped = '' AND id IN (SELECT request_id FROM jobs WHERE state IN ({_OPEN}) "
    "AND retried_by IS NULL)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known about the time after a backup.

    `last_numbers` has the last id that each table may have used, `pictures` the jobs whose picture is on disk,
    `deleted` and `wiped` the requests whose message or prompt a member had deleted.
    """

    last_numbers: Mapping[str, int]
    pictures: Collection[int]
    deleted: Sequence[int]
    wiped: Mapping[int, Wiped]


def make_safe(db: Database, known: Known, *, now_ms: int) -> None:
    """Make a backup's open orders safe to continue, in the caller's transaction.

    Queued jobs become `uncertain`: their members decide. Those with `pictures` on disk were ordered, and the bot
    continues with them at the start. Running ones are polled as usual. Results of all of them are posted in a new
    message; the old one is left unchanged. What was deleted stays deleted.
    """
    _delete_again(db, known, now_ms)
    _leave_messages(db)
    for job in jobs.in_states(db, (JobState.QUEUED,)):
        if job.id in known.pictures:
            jobs.move(
                db, job.id, expected=(JobState.QUEUED,), to=JobState.SUBMITTING, event="submitting", now_ms=now_ms,
                detail="restored from a backup; its picture is on disk", submitted_at=now_ms, not_before=None,
            )  # fmt: skip
        else:
            error = RestoredError("the bot was restored from a backup in which this order was still waiting")
            jobs.uncertain(db, job.id, error, now_ms=now_ms, expected=JobState.QUEUED)
    _give_up_deleted(db, now_ms)
    for table, last in known.last_numbers.items():
        db.conn.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        db.conn.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last))
    # Since the backup a draft may have been answered, an order stored, and the commands registered again.
    db.conn.execute("DELETE FROM drafts")
    db.conn.execute("DELETE FROM open_answers")
    db.conn.execute("DELETE FROM facts WHERE name = 'commands'")


def _delete_again(db: Database, known: Known, now_ms: int) -> None:
    """Repeat the deletions that members and moderators made after the backup."""
    db.conn.executemany(
        "UPDATE requests SET deleted_at = ?, version = version + 1 WHERE id = ? AND deleted_at IS NULL",
        [(now_ms, request_id) for request_id in known.deleted],
    )
    for request_id, why in known.wiped.items():
        if one_row(db, "SELECT 1 FROM requests WHERE id = :id AND wiped = ''", {"id": request_id}):
            redaction.wipe(db, [request_id], why)


def _give_up_deleted(db: Database, now_ms: int) -> None:
    """Give up uncertain jobs of deleted requests without asking; a possible charge stays in the ledger."""
    for row in all_rows(
        db,
        "SELECT jobs.id FROM jobs JOIN requests ON requests.id = request_id "
        "WHERE state = 'uncertain' AND retried_by IS NULL AND (requests.deleted_at IS NOT NULL OR wiped <> '')",
    ):
        jobs.cancelled(db, row["id"], now_ms=now_ms)


def _leave_messages(db: Database) -> None:
    """Continue open requests in new messages. The old messages become copies, so that a deletion includes them."""
    db.conn.execute(
        "INSERT OR IGNORE INTO copies (message_id, channel_id, request_id) "
        "SELECT message_id, COALESCE(message_channel_id, channel_id), id FROM requests "
        f"WHERE message_id IS NOT NULL AND NOT (private AND message_by = 'interaction') AND {_UNSETTLED}"
    )
    # Delivered pictures of an unsettled request must be posted again in its new message, if they are still on disk.
    db.conn.execute(
        "UPDATE jobs SET attachment_id = NULL, attachment_name = '' WHERE state = 'delivered' "
        f"AND request_id IN (SELECT id FROM requests WHERE {_UNSETTLED})"
    )
    db.conn.execute(
        "UPDATE requests SET message_id = NULL, message_channel_id = NULL, message_by = '', token = NULL, "
        f"shown = '', edits = 0, apart = 1, version = version + 1 WHERE {_UNSETTLED}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Later:
    """What the present database records after the backup, if it is a continuation of it."""

    last_numbers: Mapping[str, int]
    deleted: Sequence[int]
    wiped: Mapping[int, Wiped]
    steps: int


_NOTHING: Final = _Later(last_numbers={}, deleted=(), wiped={}, steps=0)


def what_is_known(db: Database, present: Path, *, spool: Path, references: Path) -> Known:
    """Collect what the present database and the disk record about the time after the backup `db`.

    If the present database is not a continuation of it, or is corrupt, it contributes nothing: then as many ids as were
    used before are skipped, at least a hundred thousand.
    """
    later = _later(db, present)
    on_disk = max(numbers_in(spool) | numbers_in(references), default=0)
    last = {table: max(on_disk, _last_number(db, table)) for table in _NUMBERED}
    return Known(
        last_numbers={
            table: max(number, later.last_numbers.get(table, number + max(_GAP, number)))
            for table, number in last.items()
        },
        pictures=frozenset() if is_another_installation(db, present) else pictures_in(spool),
        deleted=later.deleted,
        wiped=later.wiped,
    )


def steps_after(db: Database, present: Path) -> int:
    """How many job events the present database has that the backup lacks; 0 if unknown."""
    return _later(db, present).steps


def is_another_installation(db: Database, present: Path) -> bool:
    """Whether the present database has pictures, and none of them are in the other."""
    try:
        with opened(present) as here:
            begun = one_row(here, "SELECT id, interaction_id FROM requests ORDER BY id LIMIT 1")
            return begun is not None and _interaction(db, begun["id"]) != begun["interaction_id"]
    except (StartupError, sqlite3.Error):
        return False


def _later(db: Database, present: Path) -> _Later:
    """Read the present database, if it is a continuation of this backup: it contains the backup's last request.

    Requests are matched by Discord's interaction id, which is globally unique. A corrupt database contributes nothing.
    """
    last = one_row(db, "SELECT id, interaction_id FROM requests ORDER BY id DESC LIMIT 1")
    try:
        with opened(present) as here:
            if last is None or _interaction(here, last["id"]) != last["interaction_id"]:
                return _NOTHING
            wiped = all_rows(here, "SELECT id, wiped FROM requests WHERE wiped <> ''")
            return _Later(
                last_numbers={table: _last_number(here, table) for table in _NUMBERED},
                deleted=[row["id"] for row in all_rows(here, "SELECT id FROM requests WHERE deleted_at IS NOT NULL")],
                wiped={row["id"]: Wiped(row["wiped"]) for row in wiped},
                steps=max(0, _last_number(here, "job_events") - _last_number(db, "job_events")),
            )
    except (StartupError, sqlite3.Error):
        return _NOTHING


def _interaction(db: Database, request_id: int) -> int | None:
    row = one_row(db, "SELECT interaction_id FROM requests WHERE id = :id", {"id": request_id})
    return row["interaction_id"] if row else None


def _last_number(db: Database, table: str) -> int:
    rows = all_rows(db, "SELECT seq FROM sqlite_sequence WHERE name = :table", {"table": table})
    return int(rows[0]["seq"]) if rows else 0


def pictures_in(folder: Path) -> frozenset[int]:
    """The jobs with a complete picture in the spool, without partial downloads and leftover thumbnails."""
    if not folder.is_dir():
        return frozenset()
    names = (path.name.partition(".") for path in folder.iterdir())
    return frozenset(
        int(number) for number, _, ending in names if number.isdecimal() and ending.isalpha() and ending != "part"
    )


def numbers_in(folder: Path) -> frozenset[int]:
    """The numbers with which the file names in a folder begin."""
    if not folder.is_dir():
        return frozenset()
    found = (_LEADING_NUMBER.match(path.name) for path in folder.iterdir())
    return frozenset(int(number[0]) for number in found if number)
