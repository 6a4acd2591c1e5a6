"""The tokens by which interactions are answered: kept as long as they live, and no longer."""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

from bot.ports import TokenLease
from bot.store.rows import to_ms

_TOKEN_LIVES_MS: Final = 15 * 60 * 1_000
"""How long Discord lets an interaction be answered."""


def wipe_tokens(db: Database, *, now_ms: int) -> int:
    """Forget the interaction tokens that have expired; returns how many.

    Discord dates them, and its clock is not ours: a request that is younger than that by our own keeps its token.
    """
    cursor = db.conn.execute(
        "UPDATE requests SET token = NULL WHERE token IS NOT NULL AND token_expires_at <= ? AND created_at <= ?",
        (now_ms, now_ms - _TOKEN_LIVES_MS),
    )
    db.conn.execute("UPDATE left_messages SET token = NULL WHERE token_expires_at <= ?", (now_ms,))
    db.conn.execute("DELETE FROM open_answers WHERE expires_at <= ?", (now_ms,))
    return cursor.rowcount


def renew_token(db: Database, request_id: int, lease: TokenLease) -> None:
    """Replace a request's interaction token by that of a press on its message, which answers to it.

    A press on the message that a request has left, because it became private, would bring it back there.
    """
    db.conn.execute(
        "UPDATE requests SET token = ?, token_expires_at = ?, apart = 0 "
        "WHERE id = ? AND (message_id = ? OR (message_id IS NULL AND NOT private))",
        (lease.token, to_ms(lease.expires_at), request_id, lease.message_id),
    )


def wipe_token(db: Database, request_id: int) -> None:
    """Forget one request's interaction token: Discord does not know it any more."""
    db.conn.execute("UPDATE requests SET token = NULL WHERE id = ?", (request_id,))


def remove_all_tokens(db: Database) -> None:
    """Remove every interaction token: a copy of the database does not answer interactions.

    Whatever table has a column `token`, in this version or another. A row that cannot be without one is about nothing
    but the token.
    """
    for (table,) in db.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for column in db.conn.execute("SELECT * FROM pragma_table_info(?)", (table,)).fetchall():
            if column["name"] == "token":
                db.conn.execute(
                    f'DELETE FROM "{table}"'
                    if column["notnull"]
                    else f'UPDATE "{table}" SET token = NULL WHERE token IS NOT NULL'
                )
