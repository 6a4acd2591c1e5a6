"""Drafts: orders stored until their member confirms or drops them, and for a while after that."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.draft import Draft
from bot.domain.job import NewReference, NewRequest, Origin
from bot.domain.limits import QueueLimits
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.policy import check_room, check_together
from bot.store import quotas, requests
from bot.store.rows import one_row, to_ms
from bot.store.sqlite.writer import DatabaseThread


class SqliteDrafts:
    """Implements DraftStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock, room: QueueLimits) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._room = room

    async def add(self, draft: Draft, origin: Origin) -> int:
        """See DraftStore."""
        check_together(pictures=draft.pictures, limit=self._room.pending)
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: add(db, draft, origin, now_ms=now_ms))

    async def find(self, draft_id: int) -> Draft | None:
        """See DraftStore."""
        return await self._reader.run(lambda db: find(db, draft_id))

    async def accept(self, draft_id: int, new: Sequence[NewRequest]) -> list[int] | None:
        """See DraftStore."""
        room, now_ms = self._room, to_ms(self._clock.now())
        return await self._writer.run(lambda db: accept(db, draft_id, new, room=room, now_ms=now_ms))

    async def drop(self, draft_id: int, user_id: int) -> bool:
        """See DraftStore."""
        return await self._writer.run(lambda db: _answered(db, draft_id, "dropped", user_id))

    async def forget(self, before: datetime) -> int:
        """See DraftStore."""
        return await self._writer.run(
            lambda db: db.conn.execute("DELETE FROM drafts WHERE created_at < ?", (to_ms(before),)).rowcount
        )


def add(db: Database, draft: Draft, origin: Origin, *, now_ms: int) -> int:
    """Store a draft; returns its id, which is never reused. Raises Refusal for an order that a quota forbids."""
    spec = draft.spec
    quotas.check_plan(db, origin, spec, draft.pictures, draft.price_microcredits, now_ms)
    values: dict[str, Any] = {
        "user_id": draft.user_id,
        "kind": draft.kind,
        "prompt": spec.prompt,
        "prompts": json.dumps(draft.prompts, ensure_ascii=False),
        "size": spec.size,
        "resolution": spec.resolution.value,
        "google_search": int(spec.google_search),
        "google_image_search": int(spec.google_image_search),
        "spoiler": int(spec.spoiler),
        "style": spec.style,
        "style_text": spec.style_text,
        "private": int(draft.private),
        "count": draft.count,
        "price_microcredits": draft.price_microcredits,
        "reference_pictures": json.dumps([[r.url, r.name, r.file_name] for r in draft.references], ensure_ascii=False),
        "parent_job_id": draft.parent_job_id,
        "channel_id": draft.channel_id,
        "created_at": now_ms,
    }
    columns = ", ".join(values)
    marks = ", ".join(f":{column}" for column in values)
    cursor = db.conn.execute(f"INSERT INTO drafts ({columns}) VALUES ({marks})", values)
    return int(cursor.lastrowid or 0)


def find(db: Database, draft_id: int) -> Draft | None:
    """A draft that has not been answered yet."""
    row = one_row(db, "SELECT * FROM drafts WHERE id = :id AND answer IS NULL", {"id": draft_id})
    return None if row is None else _draft_from(row)


def accept(
    db: Database, draft_id: int, new: Sequence[NewRequest], *, room: QueueLimits, now_ms: int
) -> list[int] | None:
    """Confirm a draft, once: stores all of its requests, or none if there is no room for all."""
    if not _answered(db, draft_id, "made", new[0].origin.user_id):
        return None
    more = sum(request.count for request in new)
    waiting = requests.waiting_of(db, new[0].origin.user_id)
    check_room(waiting=waiting, more=more, limit=room.pending)
    quotas.check(db, new, now_ms)
    return [requests.accept(db, one, room=room, now_ms=now_ms) for one in new]


def _answered(db: Database, draft_id: int, answer: str, user_id: int) -> bool:
    sql = "UPDATE drafts SET answer = ? WHERE id = ? AND answer IS NULL AND user_id = ?"
    return db.conn.execute(sql, (answer, draft_id, user_id)).rowcount > 0


def _draft_from(row: sqlite3.Row) -> Draft:
    references = json.loads(row["reference_pictures"])
    return Draft(
        user_id=row["user_id"],
        kind=row["kind"],
        spec=PictureSpec(
            prompt=row["prompt"],
            size=row["size"],
            resolution=Resolution(row["resolution"]),
            google_search=bool(row["google_search"]),
            google_image_search=bool(row["google_image_search"]),
            spoiler=bool(row["spoiler"]),
            style=row["style"],
            style_text=row["style_text"],
        ),
        prompts=tuple(json.loads(row["prompts"])),
        private=bool(row["private"]),
        count=row["count"],
        price_microcredits=row["price_microcredits"],
        references=tuple(NewReference(url=url, name=name, file_name=file) for url, name, file in references),
        parent_job_id=row["parent_job_id"],
        channel_id=row["channel_id"],
    )
