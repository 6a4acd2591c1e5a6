"""The default store: one SQLite file, one writer thread with group commit, readers beside it."""

from bot.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
