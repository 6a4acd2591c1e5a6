"""What a restored database must not take for granted: that nothing happened after its backup was made.

What waits in it may have been ordered, charged and delivered since. None of it is ordered again by itself, no message
that may show a picture by now is edited, and no number that may have been given out since is given out again.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.domain.errors import RestoredError, StartupError
from bot.domain.job import JobState
from bot.store.sqlite import jobs
from bot.store.sqlite.reading import opened
from bot.store.sqlite.rows import all_rows, one_row

_NUMBERED: Final = ("requests", "jobs", "drafts", "word_rules")
"""Tables whose numbers stand in messages, in their buttons, or in the names of files."""
_GAP: Final = 100_000
_LEADING_NUMBER: Final = re.compile(r"[0-9]{1,15}(?=[.-])")
_OPEN: Final = ", ".join(
    f"'{state}'"
    for state in (JobState.QUEUED, JobState.SUBMITTING, JobState.UNCERTAIN, JobState.RUNNING, JobState.FETCHED)
)
_UNSETTLED: Final = (
    f"deleted_at IS NULL AND wiped = '' AND id IN (SELECT request_id FROM jobs WHERE state IN ({_OPEN}) "  # noqa: S608
    "AND retried_by IS NULL)"
)


def make_safe(db: Database, floor: Mapping[str, int], pictures: Collection[int], *, now_ms: int) -> None:
    """Make a backup's open orders safe to go on with, in the caller's transaction.

    Waiting jobs become `uncertain`: their members decide. Those of whom there are `pictures` on disk were ordered, and
    the start goes on with them. Running ones are asked about at the provider as ever. What comes of all of them gets a
    message of its own, and the one before stays as it is. `floor` has the last number that each table gave out.
    """
    _leave_messages(db)
    for job in jobs.in_states(db, (JobState.QUEUED,)):
        if job.id in pictures:
            jobs.move(
                db, job.id, expected=(JobState.QUEUED,), to=JobState.SUBMITTING, event="submitting", now_ms=now_ms,
                detail="restored from a backup; its picture is on disk", submitted_at=now_ms, not_before=None,
            )  # fmt: skip
        else:
            error = RestoredError("the bot was restored from a backup in which this order was still waiting")
            jobs.uncertain(db, job.id, error, now_ms=now_ms, expected=JobState.QUEUED)
    for table, least in floor.items():
        db.conn.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        db.conn.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, least))
    # A question may have been answered since, and the commands registered anew.
    db.conn.execute("DELETE FROM drafts")
    db.conn.execute("DELETE FROM facts WHERE name = 'commands'")


def _leave_messages(db: Database) -> None:
    """Let open requests go on in new messages. The old ones count as copies, and go with a deletion."""
    db.conn.execute(
        "INSERT OR IGNORE INTO copies (message_id, channel_id, request_id) "  # noqa: S608 - made of constants
        "SELECT message_id, COALESCE(message_channel_id, channel_id), id FROM requests "
        f"WHERE message_id IS NOT NULL AND NOT (private AND message_by = 'interaction') AND {_UNSETTLED}"
    )
    # What the old message shows of a request of several has to be sent anew, as far as it is on our disk.
    db.conn.execute(
        "UPDATE jobs SET attachment_id = NULL, attachment_name = '' WHERE state = 'delivered' "  # noqa: S608
        f"AND request_id IN (SELECT id FROM requests WHERE {_UNSETTLED})"
    )
    db.conn.execute(
        "UPDATE requests SET message_id = NULL, message_channel_id = NULL, message_by = '', token = NULL, "  # noqa: S608
        f"shown = '', edits = 0, apart = 1, version = version + 1 WHERE {_UNSETTLED}"
    )


def numbers_beyond(db: Database, present: Path, folders: Iterable[Path]) -> dict[str, int]:
    """For each table whose numbers are seen outside, the last number that may have been given out.

    Where the present database goes on from the backup, it knows. Else as many more as there were before are left out.
    """
    last = {table: _last_number(db, table) for table in _NUMBERED}
    known = _numbers_of_later(db, present)
    on_disk = max((number for folder in folders for number in numbers_in(folder)), default=0)
    return {
        table: max(number, on_disk, known[table]) if known else max(number, on_disk) + max(_GAP, number)
        for table, number in last.items()
    }


def steps_after(db: Database, present: Path) -> int:
    """How many steps of pictures the present database knows that the backup does not; 0 where it cannot tell."""
    try:
        with opened(present) as later:
            return (
                max(0, _last_number(later, "job_events") - _last_number(db, "job_events")) if _goes_on(db, later) else 0
            )
    except (StartupError, sqlite3.Error):
        return 0


def is_another_installation(present: Path, restored: Path) -> bool:
    """Whether the present database has pictures, and none of them stand in the other."""
    try:
        with opened(present) as here, closing(sqlite3.connect(restored)) as connection:
            connection.row_factory = sqlite3.Row
            begun = one_row(here, "SELECT id, interaction_id FROM requests ORDER BY id LIMIT 1")
            there = Database(connection, use_counts_table=False)
            return begun is not None and _interaction(there, begun["id"]) != begun["interaction_id"]
    except (StartupError, sqlite3.Error):
        return False


def _numbers_of_later(db: Database, present: Path) -> dict[str, int]:
    """The last numbers of the present database, if it goes on from this backup; empty if not, or if it is broken."""
    try:
        with opened(present) as later:
            return {table: _last_number(later, table) for table in _NUMBERED} if _goes_on(db, later) else {}
    except (StartupError, sqlite3.Error):
        return {}


def _goes_on(db: Database, later: Database) -> bool:
    """Whether a database has the other's last request: Discord's id of the interaction is the same nowhere else."""
    last = one_row(db, "SELECT id, interaction_id FROM requests ORDER BY id DESC LIMIT 1")
    return last is not None and _interaction(later, last["id"]) == last["interaction_id"]


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
