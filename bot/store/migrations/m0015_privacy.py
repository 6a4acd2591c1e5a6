"""Deletion of members' data, on request or by retention."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # Why prompt, style and references of a request are gone; the row stays, for the ledger.
    "ALTER TABLE requests ADD COLUMN wiped TEXT NOT NULL DEFAULT '' CHECK (wiped IN ('', 'wish', 'age'))",
    "CREATE INDEX requests_user ON requests (user_id, id)",
    # The sweep asks for the old ones, of all servers and of one; they leave these indexes with their prompt.
    "CREATE INDEX requests_kept ON requests (created_at) WHERE wiped = ''",
    "CREATE INDEX requests_kept_guild ON requests (guild_id, created_at) WHERE wiped = ''",
    "CREATE INDEX guild_settings_retention ON guild_settings (guild_id) WHERE name = 'retention_days'",
    # Members who had everything deleted up to a request, until that is done.
    """
    CREATE TABLE erasures (
        user_id INTEGER PRIMARY KEY,
        last_request_id INTEGER NOT NULL,
        asked_at INTEGER NOT NULL
    ) STRICT
    """,
    # Requests that were wiped, and whose files are still to be removed from our disk.
    "CREATE TABLE leftovers (request_id INTEGER PRIMARY KEY REFERENCES requests (id)) STRICT",
)
