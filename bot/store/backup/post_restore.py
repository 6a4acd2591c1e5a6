"""What a restored database must not take for granted: that nothing happened after its backup was made.

What waits in it may have been ordered, charged and delivered since. None of it is ordered again by itself, no message
that may show a picture by now is edited, and no number that may have been given out since is given out again.
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
"""Tables whose numbers stand in messages, in their buttons, or in the names of files."""
_GAP: Final = 100_000
_LEADING_NUMBER: Final = re.compile(r"[0-9]{1,15}(?=[.-])")
_OPEN: Final = ", ".join(f"'{state}'" for state in JobState if state not in SETTLED)
_UNSETTLED: Final = (
    f"deleted_at IS NULL AND wiped = '' AND id IN (SELECT request_id FROM jobs WHERE state IN ({_OPEN}) "
    "AND retried_by IS NULL)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What can be known of the time after a backup.

    `last_numbers` has the last number that each table may have given out, `pictures` the jobs whose picture is on disk,
    `deleted` and `wiped` the requests whose message or words a member had deleted.
    """

    last_numbers: Mapping[str, int]
    pictures: Collection[int]
    deleted: Sequence[int]
    wiped: Mapping[int, Wiped]


def make_safe(db: Database, known: Known, *, now_ms: int) -> None:
    """Make a backup's open orders safe to go on with, in the caller's transaction.

    Waiting jobs become `uncertain`: their members decide. Those of whom there are `pictures` on disk were ordered, and
    the start goes on with them. Running ones are asked about at the provider as ever. What comes of all of them gets a
    message of its own, and the one before stays as it is. What was deleted stays deleted.
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
    # A question may have been answered since, an order stored, and the commands registered anew.
    db.conn.execute("DELETE FROM drafts")
    db.conn.execute("DELETE FROM open_answers")
    db.conn.execute("DELETE FROM facts WHERE name = 'commands'")


def _delete_again(db: Database, known: Known, now_ms: int) -> None:
    """Carry out once more what members and moderators had deleted since."""
    db.conn.executemany(
        "UPDATE requests SET deleted_at = ?, version = version + 1 WHERE id = ? AND deleted_at IS NULL",
        [(now_ms, request_id) for request_id in known.deleted],
    )
    for request_id, why in known.wiped.items():
        if one_row(db, "SELECT 1 FROM requests WHERE id = :id AND wiped = ''", {"id": request_id}):
            redaction.wipe(db, [request_id], why)


def _give_up_deleted(db: Database, now_ms: int) -> None:
    """Nobody is asked about what they had deleted; its possible charge stays in the ledger."""
    for row in all_rows(
        db,
        "SELECT jobs.id FROM jobs JOIN requests ON requests.id = request_id "
        "WHERE state = 'uncertain' AND retried_by IS NULL AND (requests.deleted_at IS NOT NULL OR wiped <> '')",
    ):
        jobs.cancelled(db, row["id"], now_ms=now_ms)


def _leave_messages(db: Database) -> None:
    """Let open requests go on in new messages. The old ones count as copies, and go with a deletion."""
    db.conn.execute(
        "INSERT OR IGNORE INTO copies (message_id, channel_id, request_id) "
        "SELECT message_id, COALESCE(message_channel_id, channel_id), id FROM requests "
        f"WHERE message_id IS NOT NULL AND NOT (private AND message_by = 'interaction') AND {_UNSETTLED}"
    )
    # What the old message shows of a request of several has to be sent anew, as far as it is on our disk.
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
    """What the present database says that goes on from a backup."""

    last_numbers: Mapping[str, int]
    deleted: Sequence[int]
    wiped: Mapping[int, Wiped]
    steps: int


_NOTHING: Final = _Later(last_numbers={}, deleted=(), wiped={}, steps=0)


def what_is_known(db: Database, present: Path, *, spool: Path, references: Path) -> Known:
    """Gather what the present database and the disk know of the time after the backup `db`.

    Where the present database does not go on from it, or is broken, it knows nothing: then as many numbers as were
    given out before are left out, and no fewer than a hundred thousand.
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
    """How many steps of pictures the present database knows that the backup does not; 0 where it cannot tell."""
    return _later(db, present).steps


def is_another_installation(db: Database, present: Path) -> bool:
    """Whether the present database has pictures, and none of them stand in the other."""
    try:
        with opened(present) as here:
            begun = one_row(here, "SELECT id, interaction_id FROM requests ORDER BY id LIMIT 1")
            return begun is not None and _interaction(db, begun["id"]) != begun["interaction_id"]
    except (StartupError, sqlite3.Error):
        return False


def _later(db: Database, present: Path) -> _Later:
    """Read the present database, if it goes on from this backup: it has the backup's last request.

    Discord's id of an interaction is the same nowhere else. A database that is broken anywhere here says nothing.
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
    """The jobs whose picture lies whole in the spool: neither half a download nor a thumbnail that outlived it."""
    if not folder.is_dir():
        return frozenset()
    names = (path.name.partition(".") for path in folder.iterdir())
    return frozenset(
        int(number) for number, _, ending in names if number.isdecimal() and ending.isalpha() and ending != "part"
    )


def numbers_in(folder: Path) -> frozenset[int]:
    """The numbers that files' names in a folder begin with."""
    if not folder.is_dir():
        return frozenset()
    found = (_LEADING_NUMBER.match(path.name) for path in folder.iterdir())
    return frozenset(int(number[0]) for number in found if number)
