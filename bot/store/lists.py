"""Lists by member: newest or oldest first, always through the index on the member's jobs."""

from __future__ import annotations

from functools import cache

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.job import Job, JobState, RequestView
from bot.ports.lists import GalleryEntry, GalleryPage
from bot.ports.stores import Copy
from bot.store import fair_queue, jobs, messages, requests
from bot.store.rows import all_rows, job_from, request_from, to_ms
from bot.store.sqlite.writer import DatabaseThread

_UNFINISHED = "state IN ('queued', 'submitting', 'running', 'fetched', 'uncertain') AND retried_by IS NULL"
_UNCOLLECTED = "state = 'ready'"
_SHOWN = (
    "FROM jobs JOIN requests ON requests.id = jobs.request_id "
    "WHERE jobs.user_id = :user AND jobs.state = 'delivered' AND requests.deleted_at IS NULL AND requests.wiped = '' "
    "AND (:words = '' OR instr(folded(requests.prompt), :words))"
)


class SqliteLists:
    """Implements ListStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def unfinished(self, user_id: int) -> list[RequestView]:
        """See ListStore."""
        return await self._reader.run(lambda db: unfinished(db, user_id))

    async def waiting(self, user_id: int) -> int:
        """See ListStore."""
        return await self._reader.run(lambda db: requests.waiting_of(db, user_id))

    async def uncollected(self, user_id: int) -> list[RequestView]:
        """See ListStore."""
        return await self._reader.run(lambda db: _views(db, user_id, _UNCOLLECTED))

    async def gallery(self, user_id: int, *, words: str, first: int, most: int) -> GalleryPage:
        """See ListStore."""
        return await self._reader.run(lambda db: gallery(db, user_id, words=words, first=first, most=most))

    async def begun(self, request_id: int, copy: Copy) -> None:
        """See ListStore."""
        await self._writer.run(lambda db: messages.note_copy(db, request_id, copy))

    async def collected(self, job_id: int, copy: Copy) -> Job | None:
        """See ListStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: collected(db, job_id, copy, now_ms=now_ms))

    async def reposted(self, job_id: int, copy: Copy) -> None:
        """See ListStore."""
        now_ms = to_ms(self._clock.now())
        await self._writer.run(lambda db: reposted(db, job_id, copy, now_ms=now_ms))


def unfinished(db: Database, user_id: int) -> list[RequestView]:
    """The member's requests with an unfinished job, or one that needs a decision."""
    return _views(db, user_id, _UNFINISHED)


def _views(db: Database, user_id: int, wanted: str) -> list[RequestView]:
    """The member's requests that have a matching job, without wiped ones."""
    rows = all_rows(
        db,
        f"SELECT DISTINCT request_id FROM jobs WHERE user_id = :user AND {wanted} "
        "AND (SELECT wiped FROM requests WHERE id = request_id) = '' ORDER BY request_id",
        {"user": user_id},
    )
    draw_up_once = cache(fair_queue.draw_up)
    return [requests.view(db, row["request_id"], draw_up_once) for row in rows]


def gallery(db: Database, user_id: int, *, words: str, first: int, most: int) -> GalleryPage:
    """A page of a member's delivered pictures, newest first, without deleted ones."""
    # SQLite folds the case of ASCII letters only.
    db.conn.create_function("folded", 1, str.casefold, deterministic=True)
    wanted = {"user": user_id, "words": words.casefold()}
    total = int(all_rows(db, f"SELECT COUNT(*) AS n {_SHOWN}", wanted)[0]["n"])
    found = all_rows(
        db,
        f"SELECT jobs.* {_SHOWN} ORDER BY jobs.id DESC LIMIT :most OFFSET :first",
        {**wanted, "most": most, "first": first},
    )
    entries = []
    for row in found:
        [of] = all_rows(db, "SELECT * FROM requests WHERE id = :id", {"id": row["request_id"]})
        entries.append(GalleryEntry(job=job_from(row), request=request_from(of)))
    return GalleryPage(entries=entries, total=total)


def collected(db: Database, job_id: int, copy: Copy, *, now_ms: int) -> Job | None:
    """Mark a kept picture as collected. It was counted as delivered when it became `ready`.

    Its request's own message does not show it, so it has no attachment there; a message that was up to date stays so.
    """
    before = jobs.get(db, job_id)
    job = jobs.move(
        db, job_id, expected=(JobState.READY,), to=JobState.DELIVERED, event="collected", now_ms=now_ms,
        detail=_where(copy),
        attachment_id=None, attachment_name="", finished_at=now_ms, owner=None,
    )  # fmt: skip
    if job is not None:
        messages.note_copy(db, before.request_id, copy)
        db.conn.execute(
            "UPDATE requests SET shown_version = version WHERE id = ? AND shown_version = version - 1",
            (before.request_id,),
        )
    return job


def reposted(db: Database, job_id: int, copy: Copy, *, now_ms: int) -> None:
    """Store a message that shows a picture again."""
    job = jobs.get(db, job_id)
    messages.note_copy(db, job.request_id, copy)
    jobs.record_event(db, job, "reposted", now_ms, _where(copy))


def _where(copy: Copy) -> str:
    return f"message {copy.message_id} in channel {copy.channel_id}"
