"""From a message back to the request that it shows."""

from __future__ import annotations

from sqlite_utils import Database

from bot.store.sqlite.rows import one_row


def request_of(db: Database, message_id: int, interaction_id: int | None) -> int | None:
    """The request that a message shows: by the message, else by the interaction that the message answers.

    A message whose id never reached us still says which interaction it is the answer to.
    """
    row = one_row(db, "SELECT id FROM requests WHERE message_id = :id", {"id": message_id})
    if row is None and interaction_id is not None:
        row = one_row(db, "SELECT id FROM requests WHERE interaction_id = :id", {"id": interaction_id})
    return int(row["id"]) if row else None
