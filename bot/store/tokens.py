"""Interaction tokens: stored until they expire, and no longer."""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

from bot.ports import TokenLease
from bot.store.rows import to_ms

_TOKEN_LIVES_MS: Final = 15 * 60 * 1_000
"""How long Discord accepts responses to an interaction."""


def wipe_tokens(db: Database, *, now_ms: int) -> int:
    """Delete expired interaction tokens; returns how many.

    Expiry follows Discord's clock, which may differ: a request younger than the token lifetime by our own clock keeps
    its token.
    """
    cursor = db.conn.execute(
        "UPDATE requests SET token = NULL WHERE token IS NOT NULL AND token_expires_at <= ? AND created_at <= ?",
        (now_ms, now_ms - _TOKEN_LIVES_MS),
    )
    db.conn.execute("UPDATE left_messages SET token = NULL WHERE token_expires_at <= ?", (now_ms,))
    db.conn.execute("DELETE FROM open_answers WHERE expires_at <= ?", (now_ms,))
    return cursor.rowcount


def renew_token(db: Database, request_id: int, lease: TokenLease) -> None:
    """Replace a request's interaction token with that of a press on its message.

    A press on the message that a request left when it became private is ignored: it would make it public again.
    """
    db.conn.execute(
        "UPDATE requests SET token = ?, token_expires_at = ?, apart = 0 "
        "WHERE id = ? AND (message_id = ? OR (message_id IS NULL AND NOT private))",
        (lease.token, to_ms(lease.expires_at), request_id, lease.message_id),
    )


def wipe_token(db: Database, request_id: int) -> None:
    """Delete one request's interaction token: Discord no longer accepts it."""
    db.conn.execute("UPDATE requests SET token = NULL WHERE id = ?", (request_id,))


def remove_all_tokens(db: Database) -> None:
    """Delete every interaction token: a copy of the database must not answer interactions.

    Covers each table with a column `token`, in this version or another. A row that requires a token is deleted, since
    it is about nothing else.
    """
    for (table,) in db.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for column in db.conn.execute("SELECT * FROM pragma_table_info(?)", (table,)).fetchall():
            if column["name"] == "token":
                db.conn.execute(
                    f'DELETE FROM "{table}"'
                    if column["notnull"]
                    else f'UPDATE "{table}" SET token = NULL WHERE token IS NOT NULL'
                )
