"""The schema as migrations that never change once released. Times are UTC milliseconds, money is micro-credits."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from sqlite_utils import Database, Migrations

from bot.domain.errors import StartupError
from bot.store.migrations import (
    m0001_jobs_and_ledger,
    m0002_references,
    m0003_copies,
    m0004_presets,
    m0005_spoiler,
    m0006_audit,
    m0007_withdrawn,
    m0008_drafts,
    m0009_quotas,
    m0010_left_messages,
    m0011_rules,
    m0012_statistics,
    m0013_effective_resolution,
    m0014_pause,
    m0015_privacy,
    m0016_members,
    m0017_disk,
    m0018_open_answers,
    m0019_line,
    m0020_forms,
    m0021_checks,
    m0022_roles,
)

_ALL: Final = (
    m0001_jobs_and_ledger,
    m0002_references,
    m0003_copies,
    m0004_presets,
    m0005_spoiler,
    m0006_audit,
    m0007_withdrawn,
    m0008_drafts,
    m0009_quotas,
    m0010_left_messages,
    m0011_rules,
    m0012_statistics,
    m0013_effective_resolution,
    m0014_pause,
    m0015_privacy,
    m0016_members,
    m0017_disk,
    m0018_open_answers,
    m0019_line,
    m0020_forms,
    m0021_checks,
    m0022_roles,
)
"""In the order in which they are applied; append new ones."""

_CREATED: Final = re.compile(r"CREATE TABLE (\w+)")
_CHECKED_AT_START_BYTES: Final = 64 * 1024 * 1024
"""A database up to this size is checked for corrupt pages at every start, which takes a fraction of a second."""


_FORBIDDEN: Final = ("readonly", "Read-only", "Permission denied", "unable to open", "not permitted")


def _registered() -> Migrations:
    registry = Migrations("imagine_bot")
    for module in _ALL:
        name = module.__name__.rpartition(".")[2].removeprefix("m")
        registry(name=name)(_executing(module.STATEMENTS))
    return registry


def _executing(statements: Sequence[str]) -> Callable[[Database], None]:
    def apply(db: Database) -> None:
        for statement in statements:
            db.conn.execute(statement)

    return apply


migrations: Final = _registered()


def migrate(db: Database, path: str, *, size_bytes: int) -> list[str]:
    """Migrate a database and return what was applied; raises StartupError for one that can't be used."""
    try:
        refuse_newer(db, path)
        pending = [migration.name for migration in migrations.pending(db)]
        if pending:
            migrations.apply(db)
        missing = _expected_tables() - _tables(db)
        if missing:
            raise StartupError(unusable(path, f"its table {min(missing)} is missing"))
        if size_bytes <= _CHECKED_AT_START_BYTES:
            check_pages(db)
    except sqlite3.DatabaseError as error:
        raise StartupError(unusable(path, str(error))) from None
    return pending


def check_pages(db: Database) -> None:
    """Read every page; raises sqlite3.DatabaseError at the first corrupt one. Takes about a second per 70 MB.

    A row that violates a CHECK constraint is not a corrupt page; only another program can have written it, and its
    value counts as not set.
    """
    db.conn.execute("PRAGMA ignore_check_constraints = ON")
    try:
        found = str(db.conn.execute("PRAGMA quick_check(1)").fetchone()[0])
    finally:
        db.conn.execute("PRAGMA ignore_check_constraints = OFF")
    if found != "ok":
        raise sqlite3.DatabaseError(" ".join(found.replace("*** in database main ***", "").split()))


def refuse_strangers(db: Database, path: str) -> None:
    """Raise StartupError for a database that this bot did not create."""
    if not {migration.name for migration in migrations.applied(db)} & _known():
        raise StartupError(f"{path!r} is a database, but not one of this bot. Choose another file.")


def refuse_newer(db: Database, path: str) -> None:
    """Raise StartupError for a database with migrations that this version doesn't know."""
    newer = {migration.name for migration in migrations.applied(db)} - _known()
    if newer:
        raise StartupError(
            f"The database {path!r} was made by a newer version of this bot ({', '.join(sorted(newer))}). "
            "Install that version, or set DATA_DIR to another folder."
        )


def refuse_older(db: Database, path: str) -> None:
    """Raise StartupError for a database that lacks migrations of this version; only starting the bot applies them."""
    if _known() - {migration.name for migration in migrations.applied(db)}:
        raise StartupError(
            f"The database {path!r} is of an older version of this bot. Start the bot once, which updates it."
        )


def unusable(path: str, reason: str) -> str:
    """One sentence for a database file that SQLite cannot use."""
    if "locked" in reason:
        return f"The database {path!r} is locked by another program. Close that program and start again."
    if any(words in reason for words in _FORBIDDEN):
        return f"The database {path!r} cannot be written: {reason}. Give this user write access to it and its folder."
    return (
        f"The database {path!r} cannot be used: {reason}. "
        "Restore it from a backup, or set DATA_DIR to another folder to begin anew."
    )


def _expected_tables() -> set[str]:
    """The tables that the migrations create; none of them is ever dropped or renamed."""
    return {name for module in _ALL for statement in module.STATEMENTS for name in _CREATED.findall(statement)}


def _tables(db: Database) -> set[str]:
    return {row[0] for row in db.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()}


def _known() -> set[str]:
    """The names of all migrations of this version, which an empty database still needs."""
    empty = Database(memory=True)
    try:
        return {migration.name for migration in migrations.pending(empty)}
    finally:
        empty.close()
