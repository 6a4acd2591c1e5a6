"""Messages still to be removed because their request became private."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE left_messages (
        message_id INTEGER PRIMARY KEY,
        request_id INTEGER NOT NULL REFERENCES requests (id),
        channel_id INTEGER NOT NULL,
        message_by TEXT NOT NULL,
        apart INTEGER NOT NULL DEFAULT 0,
        token TEXT,
        token_expires_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX left_messages_request ON left_messages (request_id)",
)
