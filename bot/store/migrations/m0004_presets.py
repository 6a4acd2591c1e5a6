"""Styles (presets)."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "ALTER TABLE requests ADD COLUMN style TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE requests ADD COLUMN style_text TEXT NOT NULL DEFAULT ''",
    # Of a member (server = 0) or a server (1); `key` is the normalized name.
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
