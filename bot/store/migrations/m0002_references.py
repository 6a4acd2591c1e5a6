"""Reference pictures; requests derived from another picture, or deleted."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "ALTER TABLE requests ADD COLUMN parent_job_id INTEGER REFERENCES jobs (id)",
    "ALTER TABLE requests ADD COLUMN deleted_at INTEGER",
    "CREATE INDEX requests_message ON requests (message_id) WHERE message_id IS NOT NULL",
    # A job waits while its request's reference pictures are not on disk yet.
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
    # The sweep looks for copies still on disk; they leave this index with their files.
    "CREATE INDEX references_copied ON request_references (request_id) WHERE file_name IS NOT NULL",
)
