"""CHECK constraints: only valid settings of servers are stored; invalid rows of older versions are repaired."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.domain.picture import SIZES, Resolution
from bot.domain.quota import Limit, Quota
from bot.domain.rules import MAX_RETENTION_DAYS, ServerRules, Setting, SpoilerRule
from bot.store.migrations import m0021_checks as checks
from bot.store.migrations import migrate, migrations
from bot.store.sqlite.connection import connect
from bot.store.store import SqliteStore
from tests.support.build import GUILD
from tests.support.clock import FakeClock
from tests.support.database import fresh_database

LARGEST = 2**63 - 1
VALID: list[tuple[str, object]] = [
    *[("default_size", size) for size in SIZES],
    *[(name, resolution) for name in ("default_resolution", "highest_resolution") for resolution in Resolution],
    *[("spoiler", rule) for rule in SpoilerRule],
    *[("grounding", on) for on in (True, False)],
    *[("retention_days", days) for days in (1, 45, MAX_RETENTION_DAYS)],
    *[("log_channel", number) for number in (1, 10**18, LARGEST)],
    *[
        (name, ids)
        for name in ("allowed_channels", "denied_channels", "allowed_roles", "denied_roles")
        for ids in ([], [1], [1, LARGEST], list(range(10**18, 10**18 + 25)))
    ],
]
INVALID: list[tuple[str, str]] = [
    *[
        ("retention_days", value)
        for value in ("0", "-5", "1000000", "3651", "7.5", '"7"', "null", "", " 7", "[7]", "7x")
    ],
    *[("default_size", value) for value in ('"99:1"', "1", "null", '"1:1', '"x"')],
    *[("default_resolution", value) for value in ('"8K"', "4", "[]")],
    *[("highest_resolution", value) for value in ('"8K"', "4", "{}")],
    *[("grounding", value) for value in ("1", '"off"', "{")],
    *[("spoiler", value) for value in ('"never"', "true")],
    *[("log_channel", value) for value in ("0", "-1", str(2**63), '"1"', "1.5", "x")],
    *[
        (name, value)
        for name in ("allowed_channels", "denied_channels", "allowed_roles", "denied_roles")
        for value in ("[-1]", "[0]", "[1, 0]", "1", '["1"]', "[1", "1]", "[[1]]", "{}", f"[{'9' * 20}]", str([7] * 26))
    ],
]
READABLE = (" 7", str([7] * 26))
"""Not as the bot writes it, and still understood."""
BAD_QUOTAS = [
    ("pictures_day", -1, GUILD), ("pictures_day", 1_000_001, GUILD), ("resolution", 4, GUILD), ("grounding", 2, GUILD),
    ("credits_day", LARGEST, GUILD), ("no_such_limit", 1, GUILD), ("count", 1, 0),
]  # fmt: skip
BAD_BLOCKS = [(GUILD, 0, 1, 1, None), (GUILD, 1, -1, 1, None), (GUILD, 1, 1, LARGEST, None), (GUILD, 1, 1, 1, -1)]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database of the current version."""
    with closing(connect(fresh_database(tmp_path / "bot.db"))) as database:
        yield database


def put_setting(database: Database, name: str, value: str, guild_id: int = GUILD) -> None:
    """Store a setting directly."""
    database.conn.execute("INSERT OR REPLACE INTO guild_settings VALUES (?, ?, ?)", (guild_id, name, value))


@pytest.mark.parametrize(("name", "value"), VALID, ids=str)
def test_every_valid_setting_can_be_stored(database: Database, name: str, value: object) -> None:
    """A new size or resolution needs a migration: this test detects that."""
    put_setting(database, name, json.dumps(value))


def test_invalid_values_cannot_be_stored(database: Database) -> None:
    """By any code: settings, quotas, blocks and word rules."""
    for name, value in INVALID:
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            put_setting(database, name, value)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        put_setting(database, "grounding", "false", guild_id=-1)
    for what, amount, guild_id in BAD_QUOTAS:
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            database.conn.execute("INSERT INTO quotas VALUES (?, 0, ?, ?)", (guild_id, what, amount))
    for row in BAD_BLOCKS:
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            database.conn.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, '', 0)", row)
    rule = "INSERT INTO word_rules (guild_id, pattern, regex, place) VALUES (?, ?, 0, 'everywhere')"
    for pattern in ("", "x" * 201):
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            database.conn.execute(rule, (GUILD, pattern))


def as_before_checks(path: Path) -> None:
    """A database of the last version without constraints."""
    with closing(connect(path)) as database:
        migrations.apply(database, stop_before="0021_checks")


def test_invalid_rows_of_an_older_version_are_repaired(tmp_path: Path) -> None:
    """Valid ones stay; others are removed, each with an audit entry. The database opens, and its indexes exist."""
    path = tmp_path / "bot.db"
    as_before_checks(path)
    with closing(connect(path)) as database:
        for guild_id, (name, value) in enumerate(INVALID, start=1_000):
            put_setting(database, name, value, guild_id)
        for guild_id, (name, valid) in enumerate(VALID, start=5_000):
            put_setting(database, name, json.dumps(valid), guild_id)
        database.conn.execute("INSERT INTO quotas VALUES (1, 2, 'resolution', 9), (1, 2, 'count', 3)")
        database.conn.execute(
            "INSERT INTO blocks VALUES (1, 2, 3, 4, NULL, ?, 1), (1, 5, 3, 9000000000000000, NULL, '', 1)", ("x" * 999,)
        )
        assert migrate(database, str(path), size_bytes=0)[0] == "0021_checks"
        kept = database.conn.execute("SELECT name, value FROM guild_settings ORDER BY guild_id").fetchall()
        assert [tuple(row) for row in kept] == [(name, json.dumps(value)) for name, value in VALID]
        quotas = database.conn.execute("SELECT what, amount FROM quotas").fetchall()
        assert [tuple(row) for row in quotas] == [("count", 3)]
        blocks = database.conn.execute("SELECT member_id, length(reason) FROM blocks").fetchall()
        assert [tuple(row) for row in blocks] == [(2, 300)]
        notes = database.conn.execute(
            "SELECT action, COUNT(*) FROM audit WHERE actor_id = 0 GROUP BY action"
        ).fetchall()
        assert dict(map(tuple, notes)) == {"setting": len(INVALID), "quota": 1, "unblock": 1}
        indexes = {row[0] for row in database.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}
        assert {"guild_settings_log", "guild_settings_retention"} <= indexes
        tables = {row[0] for row in database.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert not {name for name in tables if name.endswith("_before")}


async def test_invalid_stored_values_count_as_not_set(tmp_path: Path) -> None:
    """Each individually; valid values beside it apply, and no query over all servers fails."""
    path = fresh_database(tmp_path / "bot.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for guild_id, (name, value) in enumerate(INVALID, start=1_000):
            connection.execute("INSERT INTO guild_settings VALUES (?, ?, ?)", (guild_id, name, value))
            connection.execute("INSERT OR IGNORE INTO guild_settings VALUES (?, 'log_channel', '7')", (guild_id,))
        for what, amount, _ in BAD_QUOTAS:
            connection.execute("INSERT OR REPLACE INTO quotas VALUES (?, 1, ?, ?)", (GUILD, what, amount))
        connection.execute("INSERT OR REPLACE INTO quotas VALUES (?, 1, 'count', 2)", (GUILD,))
        connection.execute("INSERT INTO blocks VALUES (?, 1, 1, ?, ?, '', 0)", (GUILD, LARGEST, -LARGEST))
    async with SqliteStore(path, FakeClock()) as store:
        for guild_id, (name, value) in enumerate(INVALID, start=1_000):
            rules = await store.rules.rules(guild_id)
            assert value in READABLE or rules.unreadable == (Setting(name),), (name, value)
            assert value in READABLE or getattr(rules, name) == getattr(ServerRules(), name)
            assert rules.log_channel == (None if name == "log_channel" else 7)
        assert set((await store.rules.log_channels()).values()) == {7}
        assert set((await store.privacy.retentions()).values()) == {7}
        assert await store.quotas.quotas(GUILD) == [Quota(role_id=1, limits={Limit.COUNT: 2})]
        assert len(await store.blocks.blocks(GUILD)) == 1


def test_constraints_cover_every_setting_and_limit() -> None:
    """A new one needs its own rule."""
    text = "".join(checks.STATEMENTS)
    assert all(f"WHEN '{setting.value}' THEN" in text for setting in Setting)
    assert all(f"WHEN '{limit.value}' THEN" in text for limit in Limit)
