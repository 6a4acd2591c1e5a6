"""Quotas and their usage."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # Of a role, or of everyone (role 0). An amount of NULL means unlimited.
    """
    CREATE TABLE quotas (
        guild_id INTEGER NOT NULL,
        role_id INTEGER NOT NULL,
        what TEXT NOT NULL,
        amount INTEGER CHECK (amount >= 0),
        PRIMARY KEY (guild_id, role_id, what)
    ) STRICT, WITHOUT ROWID
    """,
    # By the day of the order (UTC), of a member, or of all members together (user 0): what was reserved and neither
    # released nor refunded. Usage forgiven by a reset no longer counts against a member's limits.
    """
    CREATE TABLE quota_use (
        guild_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        day TEXT NOT NULL,
        pictures INTEGER NOT NULL,
        microcredits INTEGER NOT NULL,
        forgiven_pictures INTEGER NOT NULL DEFAULT 0,
        forgiven_microcredits INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (guild_id, user_id, day)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO quota_use (guild_id, user_id, day, pictures, microcredits)
    SELECT jobs.guild_id, jobs.user_id, date(jobs.created_at / 1000, 'unixepoch') AS ordered,
        SUM(CASE kind WHEN 'reserve' THEN 1 ELSE -1 END),
        SUM(CASE kind WHEN 'reserve' THEN amount_microcredits ELSE -amount_microcredits END)
    FROM ledger JOIN jobs ON jobs.id = ledger.job_id
    WHERE jobs.guild_id IS NOT NULL AND kind IN ('reserve', 'release', 'refund')
    GROUP BY jobs.guild_id, jobs.user_id, ordered
    """,
    """
    INSERT INTO quota_use (guild_id, user_id, day, pictures, microcredits)
    SELECT guild_id, 0, day, SUM(pictures), SUM(microcredits) FROM quota_use GROUP BY guild_id, day
    """,
)
