"""Deletion of members' data, on request or by retention."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # Why prompt, style and references of a request were deleted; the row stays, for the ledger.
    "ALTER TABLE requests ADD COLUMN wiped TEXT NOT NULL DEFAULT '' CHECK (wiped IN ('', 'wish', 'age'))",
    "CREATE INDEX requests_user ON requests (user_id, id)",
    # The sweep looks for old requests, of all servers and of one; they leave these indexes with their prompt.
    "CREATE INDEX requests_kept ON requests (created_at) WHERE wiped = ''",
    "CREATE INDEX requests_kept_guild ON requests (guild_id, created_at) WHERE wiped = ''",
    "CREATE INDEX guild_settings_retention ON guild_settings (guild_id) WHERE name = 'retention_days'",
    # Members who had everything up to a request deleted, until that is completed.
    """
    CREATE TABLE erasures (
        user_id INTEGER PRIMARY KEY,
        last_request_id INTEGER NOT NULL,
        asked_at INTEGER NOT NULL
    ) STRICT
    """,
    # Wiped requests whose files must still be removed from disk.
    "CREATE TABLE leftovers (request_id INTEGER PRIMARY KEY REFERENCES requests (id)) STRICT",
)
