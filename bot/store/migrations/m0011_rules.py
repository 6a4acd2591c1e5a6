"""Servers' rules and blocked members."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # Only settings that differ from the defaults; `value` is JSON.
    """
    CREATE TABLE guild_settings (
        guild_id INTEGER NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (guild_id, name)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX guild_settings_log ON guild_settings (guild_id) WHERE name = 'log_channel'",
    """
    CREATE TABLE word_rules (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER NOT NULL,
        pattern TEXT NOT NULL,
        regex INTEGER NOT NULL CHECK (regex IN (0, 1)),
        place TEXT NOT NULL CHECK (place IN ('everywhere', 'not_age_restricted')),
        UNIQUE (guild_id, regex, pattern)
    ) STRICT
    """,
    """
    CREATE TABLE blocks (
        guild_id INTEGER NOT NULL,
        member_id INTEGER NOT NULL,
        by_id INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER,
        reason TEXT NOT NULL,
        told INTEGER NOT NULL CHECK (told IN (0, 1)),
        PRIMARY KEY (guild_id, member_id)
    ) STRICT, WITHOUT ROWID
    """,
    # The latest prompts of a server, for trying a rule on them.
    "CREATE INDEX requests_guild ON requests (guild_id, id)",
)
