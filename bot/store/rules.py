"""Servers' rules: only what differs from the defaults has a row."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.audit import NewAuditEntry
from bot.domain.errors import Refusal
from bot.domain.rules import (
    MAX_REGEX_RULES,
    MAX_WORD_RULES,
    ServerRules,
    Setting,
    Where,
    WordRule,
    rules_from,
    setting_from,
    stored_value,
)
from bot.ports.rules import PastPrompt
from bot.store import audit
from bot.store.rows import all_rows, one_row, to_ms
from bot.store.sqlite.writer import DatabaseThread


class SqliteRules:
    """Implements RuleStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def rules(self, guild_id: int) -> ServerRules:
        """See RuleStore."""
        return await self._reader.run(lambda db: of_guild(db, guild_id))

    async def change(self, guild_id: int, setting: Setting, rules: ServerRules, entry: NewAuditEntry) -> None:
        """See RuleStore."""
        now_ms, value = to_ms(self._clock.now()), stored_value(setting, rules)
        await self._writer.run(lambda db: change(db, guild_id, setting, value, entry, now_ms))

    async def add_words(self, guild_id: int, rule: WordRule, entry: NewAuditEntry) -> int:
        """See RuleStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: add_words(db, guild_id, rule, entry, now_ms))

    async def remove_words(self, guild_id: int, rule_id: int, entry: NewAuditEntry) -> bool:
        """See RuleStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: remove_words(db, guild_id, rule_id, entry, now_ms))

    async def log_channels(self) -> Mapping[int, int]:
        """See RuleStore."""
        return await self._reader.run(log_channels)

    async def latest_prompts(self, guild_id: int, *, most: int) -> list[PastPrompt]:
        """See RuleStore."""
        return await self._reader.run(lambda db: latest_prompts(db, guild_id, most))


def of_guild(db: Database, guild_id: int) -> ServerRules:
    """A server's rules from its rows."""
    here = {"guild": guild_id}
    settings = all_rows(db, "SELECT name, value FROM guild_settings WHERE guild_id = :guild", here)
    words = all_rows(db, "SELECT * FROM word_rules WHERE guild_id = :guild ORDER BY id", here)
    return rules_from(
        {row["name"]: row["value"] for row in settings},
        tuple(
            WordRule(id=row["id"], pattern=row["pattern"], regex=bool(row["regex"]), where=Where(row["place"]))
            for row in words
        ),
    )


def change(db: Database, guild_id: int, setting: Setting, value: str | None, entry: NewAuditEntry, now_ms: int) -> None:
    """Store or delete one setting."""
    if value is None:
        db.conn.execute("DELETE FROM guild_settings WHERE guild_id = ? AND name = ?", (guild_id, setting.value))
    else:
        db.conn.execute(
            "INSERT OR REPLACE INTO guild_settings (guild_id, name, value) VALUES (?, ?, ?)",
            (guild_id, setting.value, value),
        )
    audit.append(db, entry, now_ms)


def add_words(db: Database, guild_id: int, rule: WordRule, entry: NewAuditEntry, now_ms: int) -> int:
    """Store a word rule; one with the same pattern is replaced. Raises Refusal if the server has too many."""
    same = {"guild": guild_id, "regex": int(rule.regex), "pattern": rule.pattern}
    found = one_row(
        db, "SELECT id FROM word_rules WHERE guild_id = :guild AND regex = :regex AND pattern = :pattern", same
    )
    if found is None:
        _check_room(db, guild_id, regex=rule.regex)
    cursor = db.conn.execute(
        "INSERT INTO word_rules (guild_id, regex, pattern, place) VALUES (:guild, :regex, :pattern, :place) "
        "ON CONFLICT (guild_id, regex, pattern) DO UPDATE SET place = excluded.place",
        {**same, "place": rule.where.value},
    )
    audit.append(db, entry, now_ms)
    return int(found["id"] if found else cursor.lastrowid or 0)


def _check_room(db: Database, guild_id: int, *, regex: bool) -> None:
    limit = MAX_REGEX_RULES if regex else MAX_WORD_RULES
    row = one_row(
        db,
        "SELECT COUNT(*) AS n FROM word_rules WHERE guild_id = :guild AND regex = :regex",
        {"guild": guild_id, "regex": int(regex)},
    )
    if row is not None and row["n"] >= limit:
        raise Refusal("pattern_rules_full" if regex else "word_rules_full", limit=limit)


def remove_words(db: Database, guild_id: int, rule_id: int, entry: NewAuditEntry, now_ms: int) -> bool:
    """Delete a word rule of this server."""
    cursor = db.conn.execute("DELETE FROM word_rules WHERE id = ? AND guild_id = ?", (rule_id, guild_id))
    if cursor.rowcount:
        audit.append(db, entry, now_ms)
    return bool(cursor.rowcount)


def log_channels(db: Database) -> dict[int, int]:
    """The log channel of each server that has one."""
    return settings_of_all(db, Setting.LOG_CHANNEL)


def settings_of_all(db: Database, setting: Setting) -> dict[int, int]:
    """A numeric setting of each server that has a valid value."""
    # The name is a literal because each partial index contains the rows of one name.
    rows = all_rows(db, f"SELECT guild_id, value FROM guild_settings WHERE name = '{setting.value}'")
    found: dict[int, int] = {}
    for row in rows:
        with suppress(ValueError):  # it counts as not set; loading the server's rules logs it
            found[row["guild_id"]] = cast(int, setting_from(setting, row["value"]))
    return found


def latest_prompts(db: Database, guild_id: int, most: int) -> list[PastPrompt]:
    """A server's latest prompts, without wiped ones."""
    rows = all_rows(
        db,
        "SELECT r.user_id, r.private, r.prompt, r.style_text, "
        "(SELECT MIN(id) FROM jobs WHERE request_id = r.id) AS job_id FROM requests AS r "
        "WHERE r.guild_id = :guild AND r.prompt <> '' ORDER BY r.id DESC LIMIT :most",
        {"guild": guild_id, "most": most},
    )
    return [
        PastPrompt(
            job_id=row["job_id"] or 0,
            user_id=row["user_id"],
            private=bool(row["private"]),
            prompt=f"{row['prompt']}\n\n{row['style_text']}" if row["style_text"] else row["prompt"],
        )
        for row in rows
    ]
