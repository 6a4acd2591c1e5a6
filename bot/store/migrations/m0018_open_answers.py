"""Pending responses: deferred interactions whose order is not stored yet."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE open_answers (
        interaction_id INTEGER PRIMARY KEY,
        application_id INTEGER NOT NULL,
        token TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        locale TEXT NOT NULL
    ) STRICT
    """,
)
