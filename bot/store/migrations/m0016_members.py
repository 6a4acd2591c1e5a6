"""Members' all-time totals, and the day of their last activity."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # A separate span, `all`, in addition to years, months and days.
    """
    INSERT INTO usage_members (guild_id, span, user_id, requested, delivered, failed, cancelled, uncertain,
        balance_errors, spent_microcredits, possible_microcredits)
    SELECT guild_id, 'all', user_id, SUM(requested), SUM(delivered), SUM(failed), SUM(cancelled), SUM(uncertain),
        SUM(balance_errors), SUM(spent_microcredits), SUM(possible_microcredits)
    FROM usage_daily GROUP BY guild_id, user_id
    """,
    # Counts the members who ordered something since a day.
    """
    CREATE TABLE usage_last_days (
        guild_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        day TEXT NOT NULL,
        PRIMARY KEY (guild_id, user_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO usage_last_days (guild_id, user_id, day)
    SELECT guild_id, user_id, MAX(day) FROM usage_daily WHERE requested > 0 GROUP BY guild_id, user_id
    """,
    "CREATE INDEX usage_last_days_day ON usage_last_days (guild_id, day)",
)
