"""Additional messages that show a request's pictures."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # Additional messages that show a request's pictures: collected, or shown again.
    """
    CREATE TABLE copies (
        message_id INTEGER PRIMARY KEY,
        channel_id INTEGER NOT NULL,
        request_id INTEGER NOT NULL REFERENCES requests (id)
    ) STRICT
    """,
    "CREATE INDEX copies_request ON copies (request_id)",
)
