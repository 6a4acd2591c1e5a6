"""An empty, migrated database, created once and copied: migrating takes longer than most tests."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from pathlib import Path

from bot.store.migrations import migrate
from bot.store.sqlite.connection import connect


def fresh_database(path: Path) -> Path:
    """Create an empty database of the current version if there is none yet, as a first start does."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_template())
    return path


@cache
def _template() -> bytes:
    with closing(connect(Path(":memory:"))) as database:
        migrate(database, ":memory:", size_bytes=0)
        return bytes(database.conn.serialize())
