"""Records all changes of jobs in the bot's database, in order, with triggers.

The bot's own rows contain when a picture was ordered and its current state, but not when it was admitted, nor the order
of other changes. Triggers run inside the transaction that makes each change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.load.turns import Limits, Phase

_NOW: Final = "(julianday('now') - 2440587.5) * 86400.0"
_PHASE: Final = f"""
    CASE WHEN {{row}}.state = 'queued' AND {{row}}.owner IS NULL THEN '{Phase.WAITS}'
    WHEN {{row}}.state = 'queued' THEN '{Phase.CALLED}'
    WHEN {{row}}.state = 'submitting' THEN '{Phase.SENT}'
    WHEN {{row}}.state = 'running' THEN '{Phase.TAKEN}' ELSE '{Phase.GONE}' END
"""
_NEW: Final = _PHASE.format(row="NEW")
_WRITE: Final = f"""
    BEGIN
        INSERT INTO witness (at, member, job, phase, held_until)
        VALUES ({_NOW}, NEW.user_id, NEW.id, {_NEW}, NEW.not_before / 1000.0);
    END;
"""  # noqa: S608 - made of constants
_START: Final = f"BEGIN INSERT INTO witness (at, member) VALUES ({_NOW}, NEW.user_id); END;"  # noqa: S608 - the same
_WITNESS: Final = f"""
    CREATE TABLE witness (id INTEGER PRIMARY KEY, at REAL, member INTEGER, job INTEGER, phase TEXT, held_until REAL);
    CREATE TRIGGER witness_order AFTER INSERT ON jobs {_WRITE}
    CREATE TRIGGER witness_step AFTER UPDATE ON jobs
        WHEN {_PHASE.format(row="OLD")} <> {_NEW} OR OLD.not_before IS NOT NEW.not_before {_WRITE}
    CREATE TRIGGER witness_first_start AFTER INSERT ON turns {_START}
    CREATE TRIGGER witness_start AFTER UPDATE ON turns {_START}
"""
_WORK: Final = """
    SELECT COALESCE(SUM(taken), 0), COALESCE(SUM(MIN(unfinished, :each)), 0) FROM (
        SELECT SUM(state = 'running') AS taken, COUNT(*) AS unfinished FROM jobs
        WHERE state IN ('queued', 'submitting', 'running') GROUP BY user_id
    )
"""
_BUSY_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change, in seconds since the Unix epoch. Without a job it is a start of its member."""

    at: float
    member: int
    job: int | None
    phase: Phase | None
    held_until: float | None
    """When the picture's wait for its interaction's answer expires; None if it doesn't wait."""


def opened(database: Path) -> closing[sqlite3.Connection]:
    """The bot's database, opened read-only."""
    return closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True))


def watch(database: Path) -> None:
    """Start recording changes; the bot may be running."""
    with closing(sqlite3.connect(database, timeout=_BUSY_S, isolation_level=None)) as db:
        db.executescript(f"BEGIN IMMEDIATE; {_WITNESS} COMMIT;")


def changes(database: Path) -> Sequence[Change]:
    """All changes since `watch`, in order."""
    with opened(database) as db:
        rows = db.execute("SELECT at, member, job, phase, held_until FROM witness ORDER BY id")
        return [
            Change(at=at, member=member, job=job, phase=Phase(phase) if phase else None, held_until=held)
            for at, member, job, phase, held in rows
        ]


def delivered(database: Path, number: int) -> bool:
    """Whether at least this many pictures have been delivered."""
    with opened(database) as db:
        return bool(db.execute("SELECT COUNT(*) >= ? FROM jobs WHERE state = 'delivered'", (number,)).fetchone()[0])


def at_rest(database: Path, limits: Limits) -> bool:
    """Whether no job is in transition: as many as allowed are with the provider, and none has just been admitted."""
    with opened(database) as db:
        taken, unfinished = db.execute(_WORK, {"each": limits.running_each}).fetchone()
        return bool(taken == min(limits.running, unfinished))


def orders(database: Path) -> dict[int, int]:
    """The job of each interaction that ordered one, by interaction id."""
    with opened(database) as db:
        return dict(db.execute("SELECT interaction_id, jobs.id FROM requests JOIN jobs ON request_id = requests.id"))
