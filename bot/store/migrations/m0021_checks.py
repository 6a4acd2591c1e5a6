"""CHECK constraints on server settings. Rows that violate them are removed, each with an audit entry in its server.

Tables are rebuilt because SQLite can't add a constraint to an existing one. The allowed values are listed here, so a
new size or resolution needs a migration of its own.
"""

from __future__ import annotations

from typing import Final

_AN_ID: Final = "CAST(CAST(value AS INTEGER) AS TEXT) = value AND CAST(value AS INTEGER) > 0"
_IDS: Final = (
    # A JSON array of at most 25 positive whole numbers of at most 19 digits, as json.dumps writes it.
    "value GLOB '[[]*[]]' AND value NOT GLOB '*[^]0-9, []*' AND value NOT GLOB '?*[[]*' AND value NOT GLOB '*[]]?*' "
    "AND value NOT GLOB '*[[ ,]0*' AND length(value) - length(replace(value, ',', '')) < 25 "
    f"AND value NOT GLOB '*{'[0-9]' * 20}*'"
)
_RESOLUTIONS: Final = """value IN ('"0.5K"', '"1K"', '"2K"', '"4K"')"""
_SIZES: Final = (
    "value IN ('\"1:1\"', '\"2:3\"', '\"3:2\"', '\"3:4\"', '\"4:3\"', '\"4:5\"', '\"5:4\"', '\"9:16\"', '\"16:9\"', "
    "'\"21:9\"', '\"1:4\"', '\"4:1\"', '\"1:8\"', '\"8:1\"')"
)
_VALID_SETTING: Final = f"""
    guild_id > 0 AND CASE name
    WHEN 'allowed_channels' THEN {_IDS}
    WHEN 'denied_channels' THEN {_IDS}
    WHEN 'allowed_roles' THEN {_IDS}
    WHEN 'denied_roles' THEN {_IDS}
    WHEN 'default_size' THEN {_SIZES}
    WHEN 'default_resolution' THEN {_RESOLUTIONS}
    WHEN 'highest_resolution' THEN {_RESOLUTIONS}
    WHEN 'grounding' THEN value IN ('true', 'false')
    WHEN 'spoiler' THEN value IN ('"as_asked"', '"age_restricted"', '"always"')
    WHEN 'log_channel' THEN {_AN_ID}
    WHEN 'retention_days' THEN {_AN_ID} AND CAST(value AS INTEGER) <= 3650
    ELSE length(value) <= 10000
    END
"""
_VALID_QUOTA: Final = """
    guild_id > 0 AND role_id >= 0 AND (amount IS NULL OR amount >= 0) AND CASE what
    WHEN 'pictures_day' THEN amount IS NULL OR amount <= 1000000
    WHEN 'pictures_month' THEN amount IS NULL OR amount <= 1000000
    WHEN 'credits_day' THEN amount IS NULL OR amount <= 1000000000000000
    WHEN 'credits_month' THEN amount IS NULL OR amount <= 1000000000000000
    WHEN 'server_credits_month' THEN amount IS NULL OR amount <= 1000000000000000
    WHEN 'resolution' THEN amount IS NULL OR amount <= 3
    WHEN 'grounding' THEN amount IS NULL OR amount <= 1
    WHEN 'count' THEN amount IS NULL OR amount <= 1000000
    ELSE 0
    END
"""
_LAST_MS: Final = 253_402_300_799_000
"""The end of the year 9999, the last date that can be represented."""
_VALID_BLOCK: Final = (
    f"guild_id > 0 AND member_id > 0 AND by_id > 0 AND since BETWEEN 0 AND {_LAST_MS} "
    f"AND (until IS NULL OR until BETWEEN 0 AND {_LAST_MS})"
)
_MAX_REASON: Final = 300
_MAX_PATTERN: Final = 200


def _note(table: str, valid: str, action: str, what: str) -> str:
    """Record each row that violates its constraint in the audit log; actor 0 is the bot itself."""
    return (
        "INSERT INTO audit (guild_id, actor_id, action, detail, at) "
        f"SELECT guild_id, 0, '{action}', {what} || ': removed, its stored value was not valid', "
        f"CAST(strftime('%s', 'now') AS INTEGER) * 1000 FROM {table} WHERE ({valid}) IS NOT 1"
    )


def _keep(table: str, columns: str, valid: str) -> str:
    """Copy the rows that satisfy their constraint."""
    return f"INSERT INTO {table} SELECT {columns} FROM {table}_before WHERE ({valid}) IS 1"


STATEMENTS: Final = (
    _note("guild_settings", _VALID_SETTING, "setting", "substr(name, 1, 40)"),
    _note("quotas", _VALID_QUOTA, "quota", "substr(what, 1, 40)"),
    _note("blocks", _VALID_BLOCK, "unblock", "'a block'"),
    _note("word_rules", "length(pattern) > 0", "words", "'an empty rule'"),
    "ALTER TABLE guild_settings RENAME TO guild_settings_before",
    f"""
    CREATE TABLE guild_settings (
        guild_id INTEGER NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (guild_id, name),
        CHECK ({_VALID_SETTING})
    ) STRICT, WITHOUT ROWID
    """,
    _keep("guild_settings", "guild_id, name, value", _VALID_SETTING),
    "DROP TABLE guild_settings_before",
    "CREATE INDEX guild_settings_log ON guild_settings (guild_id) WHERE name = 'log_channel'",
    "CREATE INDEX guild_settings_retention ON guild_settings (guild_id) WHERE name = 'retention_days'",
    "ALTER TABLE quotas RENAME TO quotas_before",
    f"""
    CREATE TABLE quotas (
        guild_id INTEGER NOT NULL,
        role_id INTEGER NOT NULL,
        what TEXT NOT NULL,
        amount INTEGER,
        PRIMARY KEY (guild_id, role_id, what),
        CHECK ({_VALID_QUOTA})
    ) STRICT, WITHOUT ROWID
    """,
    _keep("quotas", "guild_id, role_id, what, amount", _VALID_QUOTA),
    "DROP TABLE quotas_before",
    "ALTER TABLE blocks RENAME TO blocks_before",
    f"""
    CREATE TABLE blocks (
        guild_id INTEGER NOT NULL,
        member_id INTEGER NOT NULL,
        by_id INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER,
        reason TEXT NOT NULL CHECK (length(reason) <= {_MAX_REASON}),
        told INTEGER NOT NULL CHECK (told IN (0, 1)),
        PRIMARY KEY (guild_id, member_id),
        CHECK ({_VALID_BLOCK})
    ) STRICT, WITHOUT ROWID
    """,
    _keep("blocks", f"guild_id, member_id, by_id, since, until, substr(reason, 1, {_MAX_REASON}), told", _VALID_BLOCK),
    "DROP TABLE blocks_before",
    # Its ids are never reused, so the table is kept and checked by triggers.
    "DELETE FROM word_rules WHERE length(pattern) = 0",
    *(
        f"CREATE TRIGGER word_rules_checked_on_{event.lower()} BEFORE {event} ON word_rules "
        f"WHEN length(NEW.pattern) NOT BETWEEN 1 AND {_MAX_PATTERN} OR NEW.guild_id <= 0 "
        "BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: word_rules'); END"
        for event in ("INSERT", "UPDATE")
    ),
)
