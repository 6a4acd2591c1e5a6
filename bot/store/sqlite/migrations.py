"""The schema, as migrations that are never changed once released. Times are UTC milliseconds, money micro-credits."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Final

from sqlite_utils import Database, Migrations

from bot.domain.errors import StartupError

migrations = Migrations("imagine_bot")

_CHECKED_AT_START_BYTES: Final = 64 * 1024 * 1024
"""A database up to this size is checked for broken pages at every start; it takes a fraction of a second."""

_FIRST = (
    """
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        interaction_id INTEGER NOT NULL UNIQUE,
        application_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        guild_id INTEGER,
        channel_id INTEGER NOT NULL,
        locale TEXT NOT NULL,
        prompt TEXT NOT NULL,
        size TEXT NOT NULL,
        resolution TEXT NOT NULL,
        google_search INTEGER NOT NULL,
        google_image_search INTEGER NOT NULL,
        private INTEGER NOT NULL,
        upload_limit_bytes INTEGER NOT NULL,
        token TEXT,
        token_expires_at INTEGER,
        message_id INTEGER,
        message_channel_id INTEGER,
        message_by TEXT NOT NULL DEFAULT '' CHECK (message_by IN ('', 'interaction', 'bot', 'dm')),
        shown TEXT NOT NULL DEFAULT '',
        edits INTEGER NOT NULL DEFAULT 0,
        version INTEGER NOT NULL DEFAULT 1,
        shown_version INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
    ) STRICT
    """,
    # Requests whose message is behind their rows; nearly always empty.
    "CREATE INDEX requests_behind ON requests (id) WHERE shown_version < version",
    "CREATE INDEX requests_token ON requests (token_expires_at) WHERE token IS NOT NULL",
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        request_id INTEGER NOT NULL REFERENCES requests (id),
        position INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        guild_id INTEGER,
        resolution TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'submitting', 'uncertain', 'running', 'fetched', 'delivered',
            'ready', 'failed', 'cancelled')),
        price_microcredits INTEGER NOT NULL CHECK (price_microcredits >= 0),
        owner TEXT,
        not_before INTEGER,
        tries INTEGER NOT NULL DEFAULT 0,
        task_id TEXT,
        result_url TEXT,
        created_at INTEGER NOT NULL,
        submitted_at INTEGER,
        eta_at INTEGER,
        fetched_at INTEGER,
        finished_at INTEGER,
        picture_file TEXT,
        picture_format TEXT,
        picture_extension TEXT,
        width INTEGER,
        height INTEGER,
        size_bytes INTEGER,
        shown_as TEXT NOT NULL DEFAULT '',
        attachment_id INTEGER,
        attachment_name TEXT NOT NULL DEFAULT '',
        error_code TEXT NOT NULL DEFAULT '',
        error_text TEXT NOT NULL DEFAULT '',
        cost TEXT NOT NULL DEFAULT 'nothing' CHECK (cost IN ('nothing', 'possibly', 'charged')),
        retried_by INTEGER REFERENCES jobs (id),
        reported_cost REAL
    ) STRICT
    """,
    "CREATE INDEX jobs_request ON jobs (request_id)",
    "CREATE INDEX jobs_user ON jobs (user_id, id)",
    # Everything that asks "what is still to be done", and whose turn it is, reads this one.
    "CREATE INDEX jobs_state ON jobs (state, user_id, id)",
    "CREATE INDEX jobs_not_before ON jobs (not_before) WHERE not_before IS NOT NULL",
    "CREATE INDEX jobs_finished ON jobs (resolution, fetched_at) WHERE fetched_at IS NOT NULL",
    # The sweep asks for delivered pictures that are still on disk; they leave this index with their file.
    "CREATE INDEX jobs_files ON jobs (finished_at) WHERE picture_file IS NOT NULL",
    # Starts are numbered; the unique column's index also finds the last one.
    "CREATE TABLE turns (user_id INTEGER PRIMARY KEY, last_start INTEGER NOT NULL UNIQUE) STRICT",
    """
    CREATE TABLE job_events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        at INTEGER NOT NULL,
        event TEXT NOT NULL,
        state TEXT NOT NULL,
        owner TEXT,
        detail TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    "CREATE INDEX job_events_job ON job_events (job_id, id)",
    """
    CREATE TABLE ledger (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        kind TEXT NOT NULL CHECK (kind IN ('reserve', 'charge', 'release', 'refund', 'uncertain', 'adjust')),
        amount_microcredits INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        guild_id INTEGER,
        at INTEGER NOT NULL,
        UNIQUE (job_id, kind)
    ) STRICT
    """,
    "CREATE INDEX ledger_at ON ledger (at)",
    """
    CREATE TABLE balance_errors (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        job_id INTEGER REFERENCES jobs (id),
        user_id INTEGER,
        guild_id INTEGER,
        http_status INTEGER NOT NULL,
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        request_id TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX balance_errors_at ON balance_errors (at)",
    """
    CREATE TABLE gate (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        closed INTEGER NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        since INTEGER,
        probe_at INTEGER,
        backoff_ms INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "INSERT INTO gate (id) VALUES (1)",
    """
    CREATE TABLE usage_daily (
        day TEXT NOT NULL,
        guild_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        resolution TEXT NOT NULL,
        requested INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        cancelled INTEGER NOT NULL DEFAULT 0,
        uncertain INTEGER NOT NULL DEFAULT 0,
        balance_errors INTEGER NOT NULL DEFAULT 0,
        spent_microcredits INTEGER NOT NULL DEFAULT 0,
        possible_microcredits INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (day, guild_id, user_id, resolution)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)


@migrations(name="0001_jobs_and_ledger")
def _jobs_and_ledger(db: Database) -> None:
    for statement in _FIRST:
        db.conn.execute(statement)


_SECOND = (
    "ALTER TABLE requests ADD COLUMN parent_job_id INTEGER REFERENCES jobs (id)",
    "ALTER TABLE requests ADD COLUMN deleted_at INTEGER",
    "CREATE INDEX requests_message ON requests (message_id) WHERE message_id IS NOT NULL",
    # A job is held back while its request's reference pictures are not on our disk yet.
    "ALTER TABLE jobs ADD COLUMN held INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE request_references (
        request_id INTEGER NOT NULL REFERENCES requests (id),
        position INTEGER NOT NULL,
        url TEXT NOT NULL,
        name TEXT NOT NULL,
        file_name TEXT,
        content_type TEXT,
        size_bytes INTEGER,
        note TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (request_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    # The sweep asks for copies that are still on disk; they leave this index with their files.
    "CREATE INDEX references_copied ON request_references (request_id) WHERE file_name IS NOT NULL",
)


@migrations(name="0002_references")
def _references(db: Database) -> None:
    for statement in _SECOND:
        db.conn.execute(statement)


_THIRD = (
    # Messages that show a request's pictures beside its own: handed over, or shown again.
    """
    CREATE TABLE copies (
        message_id INTEGER PRIMARY KEY,
        channel_id INTEGER NOT NULL,
        request_id INTEGER NOT NULL REFERENCES requests (id)
    ) STRICT
    """,
    "CREATE INDEX copies_request ON copies (request_id)",
)


@migrations(name="0003_copies")
def _copies(db: Database) -> None:
    for statement in _THIRD:
        db.conn.execute(statement)


_FOURTH = (
    "ALTER TABLE requests ADD COLUMN style TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE requests ADD COLUMN style_text TEXT NOT NULL DEFAULT ''",
    # Of a member (server = 0) or a server (1); `key` is the name as it is compared.
    """
    CREATE TABLE presets (
        owner_id INTEGER NOT NULL,
        server INTEGER NOT NULL CHECK (server IN (0, 1)),
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        saved_by INTEGER NOT NULL,
        saved_at INTEGER NOT NULL,
        PRIMARY KEY (owner_id, server, key)
    ) STRICT, WITHOUT ROWID
    """,
)


@migrations(name="0004_presets")
def _presets(db: Database) -> None:
    for statement in _FOURTH:
        db.conn.execute(statement)


_FIFTH = (
    "ALTER TABLE requests ADD COLUMN spoiler INTEGER NOT NULL DEFAULT 0",
    # 0 where only a member brought the bot along: nothing but the interaction reaches that channel.
    "ALTER TABLE requests ADD COLUMN bot_present INTEGER NOT NULL DEFAULT 1",
)


@migrations(name="0005_spoiler")
def _spoiler(db: Database) -> None:
    for statement in _FIFTH:
        db.conn.execute(statement)


def migrate(db: Database, path: str, *, size_bytes: int) -> list[str]:
    """Bring a database up to date and return what was applied; raises StartupError for one that cannot be used."""
    try:
        refuse_newer(db, path)
        pending = [migration.name for migration in migrations.pending(db)]
        if pending:
            migrations.apply(db)
        missing = _expected_tables() - _tables(db)
        if missing:
            raise StartupError(unusable(path, f"its table {min(missing)} is missing"))
        if size_bytes <= _CHECKED_AT_START_BYTES:
            found = str(db.conn.execute("PRAGMA quick_check(1)").fetchone()[0])
            if found != "ok":
                raise StartupError(unusable(path, found))
    except sqlite3.DatabaseError as error:
        raise StartupError(unusable(path, str(error))) from None
    return pending


def refuse_newer(db: Database, path: str) -> None:
    """Raise StartupError for a database that knows migrations which this version does not."""
    newer = {migration.name for migration in migrations.applied(db)} - _known()
    if newer:
        raise StartupError(
            f"The database {path!r} was made by a newer version of this bot ({', '.join(sorted(newer))}). "
            "Install that version, or set DATA_DIR to another folder."
        )


def unusable(path: str, reason: str) -> str:
    """One sentence for a database file that SQLite cannot use."""
    if "locked" in reason:
        return f"The database {path!r} is locked by another program. Close that program and start again."
    return (
        f"The database {path!r} cannot be used: {reason}. "
        "Restore it from a backup, or set DATA_DIR to another folder to begin anew."
    )


def _expected_tables() -> set[str]:
    """The tables of an empty database of this version."""
    with closing(Database(memory=True)) as fresh:
        migrations.apply(fresh)
        return _tables(fresh)


def _tables(db: Database) -> set[str]:
    return {row[0] for row in db.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()}


def _known() -> set[str]:
    """The names of all migrations of this version: those that an empty database still needs."""
    empty = Database(memory=True)
    try:
        return {migration.name for migration in migrations.pending(empty)}
    finally:
        empty.close()
