"""The audit log of moderators' and administrators' actions."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER NOT NULL,
        actor_id INTEGER NOT NULL,
        action TEXT NOT NULL,
        member_id INTEGER,
        job_id INTEGER REFERENCES jobs (id),
        detail TEXT NOT NULL DEFAULT '',
        at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX audit_guild ON audit (guild_id, id)",
)
