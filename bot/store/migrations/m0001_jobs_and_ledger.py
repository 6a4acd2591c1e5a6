"""Requests, jobs and their events, the ledger, the gate, usage."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
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
    # Requests whose message is out of date; nearly always empty.
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
    # Serves the queries for unfinished jobs, and the fair queue.
    "CREATE INDEX jobs_state ON jobs (state, user_id, id)",
    "CREATE INDEX jobs_not_before ON jobs (not_before) WHERE not_before IS NOT NULL",
    "CREATE INDEX jobs_finished ON jobs (resolution, fetched_at) WHERE fetched_at IS NOT NULL",
    # The sweep looks for delivered pictures still on disk; they leave this index with their file.
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
