"""Maps a message or a form to its request, and a request to the messages that show it."""

from __future__ import annotations

from sqlite_utils import Database

from bot.domain.job import Job, Viewer
from bot.ports.stores import Copy
from bot.store.rows import all_rows, job_from, one_row


def request_of(db: Database, message_id: int, interaction_id: int | None) -> int | None:
    """The request that a message shows: by the message's id, else by the interaction that the message answers.

    A message whose id was never received still carries the id of its interaction.
    """
    row = one_row(db, "SELECT id FROM requests WHERE message_id = :id", {"id": message_id})
    if row is None:
        row = one_row(db, "SELECT request_id AS id FROM copies WHERE message_id = :id", {"id": message_id})
    if row is None and interaction_id is not None:
        row = one_row(db, "SELECT id FROM requests WHERE interaction_id = :id", {"id": interaction_id})
    return int(row["id"]) if row else None


def sent_with(db: Database, form_id: int, user_id: int) -> int | None:
    """The first job created by a member's form; None also if all its jobs were cancelled.

    If the response to a form is lost, Discord shows an error and keeps the form open, so members send it again.
    """
    [row] = all_rows(
        db,
        "SELECT MIN(jobs.id) AS number FROM requests JOIN jobs ON jobs.request_id = requests.id "
        "WHERE form_id = :form AND requests.user_id = :user AND state <> 'cancelled'",
        {"form": form_id, "user": user_id},
    )
    return None if row["number"] is None else int(row["number"])


def note_copy(db: Database, request_id: int, copy: Copy) -> None:
    """Store an additional message that shows a request's pictures."""
    db.conn.execute(
        "INSERT OR IGNORE INTO copies (message_id, channel_id, request_id) VALUES (?, ?, ?)",
        (copy.message_id, copy.channel_id, request_id),
    )


def copies_of(db: Database, request_id: int) -> list[Copy]:
    """The messages that show a request's pictures in addition to its own, oldest first."""
    rows = all_rows(
        db,
        "SELECT message_id, channel_id FROM copies WHERE request_id = :id ORDER BY message_id",
        {"id": request_id},
    )
    return [Copy(**dict(row)) for row in rows]


def find_within_reach(db: Database, job_id: int, viewer: Viewer) -> Job | None:
    """One job that is the viewer's own, or of a public request shown or ordered in the viewer's channel.

    A picture that is kept for its member or was withdrawn is visible only to them, wherever its request was shown.
    """
    row = one_row(
        db,
        "SELECT jobs.* FROM jobs JOIN requests ON requests.id = jobs.request_id WHERE jobs.id = :job_id "
        "AND (jobs.user_id = :user_id OR requests.private = 0 AND jobs.state <> 'ready' AND withdrawn_at IS NULL "
        "AND (:channel_id IN (channel_id, message_channel_id) OR "
        "EXISTS (SELECT 1 FROM copies WHERE copies.request_id = requests.id AND copies.channel_id = :channel_id)))",
        {"job_id": job_id, "user_id": viewer.user_id, "channel_id": viewer.channel_id},
    )
    return job_from(row) if row else None
