"""Storage of presets, by owner and name."""

from __future__ import annotations

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.errors import Refusal
from bot.domain.preset import Preset, PresetOwner, key_of
from bot.store.rows import all_rows, one_row, to_ms
from bot.store.sqlite.writer import DatabaseThread

_HERE = "owner_id = :owner AND server = :server"


class SqlitePresets:
    """Implements PresetStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def within_reach(self, user_id: int, guild_id: int | None) -> list[Preset]:
        """See PresetStore."""
        return await self._reader.run(lambda db: within_reach(db, user_id, guild_id))

    async def save(self, shelf: PresetOwner, preset: Preset, by_user_id: int) -> bool:
        """See PresetStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: save(db, shelf, preset, by_user_id, now_ms=now_ms))

    async def delete(self, shelf: PresetOwner, name: str) -> bool:
        """See PresetStore."""
        return await self._writer.run(lambda db: delete(db, shelf, name))


def within_reach(db: Database, user_id: int, guild_id: int | None) -> list[Preset]:
    """A member's own presets and their server's, each sorted by name."""
    rows = all_rows(
        db,
        "SELECT name, text, server FROM presets WHERE (server = 0 AND owner_id = :user) "
        "OR (server = 1 AND owner_id = :guild) ORDER BY server, key",
        {"user": user_id, "guild": guild_id},
    )
    return [Preset(name=row["name"], text=row["text"], server=bool(row["server"])) for row in rows]


def save(db: Database, shelf: PresetOwner, preset: Preset, by_user_id: int, *, now_ms: int) -> bool:
    """Store a preset; returns whether it replaced one of the same name. Raises Refusal when full."""
    replaced = _has(db, shelf, preset.key)
    if not replaced and _count(db, shelf) >= shelf.most:
        raise Refusal("server_styles_full" if shelf.server else "styles_full", most=shelf.most)
    db.conn.execute(
        "INSERT OR REPLACE INTO presets (owner_id, server, key, name, text, saved_by, saved_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (shelf.owner_id, int(shelf.server), preset.key, preset.name, preset.text, by_user_id, now_ms),
    )
    return replaced


def delete(db: Database, shelf: PresetOwner, name: str) -> bool:
    """Delete a preset; False if there is none of that name."""
    where = {"owner": shelf.owner_id, "server": int(shelf.server), "key": key_of(name)}
    return db.conn.execute(f"DELETE FROM presets WHERE {_HERE} AND key = :key", where).rowcount > 0


def _has(db: Database, shelf: PresetOwner, key: str) -> bool:
    where = {"owner": shelf.owner_id, "server": int(shelf.server), "key": key}
    return one_row(db, f"SELECT 1 FROM presets WHERE {_HERE} AND key = :key", where) is not None


def _count(db: Database, shelf: PresetOwner) -> int:
    where = {"owner": shelf.owner_id, "server": int(shelf.server)}
    row = one_row(db, f"SELECT COUNT(*) AS n FROM presets WHERE {_HERE}", where)
    return int(row["n"]) if row else 0
