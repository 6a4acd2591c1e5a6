"""The store's public interface: async methods over one writer thread and one reader thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.audit import NewAuditEntry
from bot.domain.errors import BalanceError, BotError, Cost, ProviderError, StartupError
from bot.domain.job import Job, JobState, NewRequest, Reference, RequestView, Viewer
from bot.domain.limits import QueueLimits
from bot.domain.picture import PictureInfo, Resolution
from bot.ports import Shown, Submission, TaskStatus, TokenLease, UsageRow
from bot.ports.stores import Copy
from bot.store import fair_queue, file_retention, jobs, ledger, messages, references, requests, retry, tokens, usage
from bot.store.backup import restore
from bot.store.facets import Facets
from bot.store.gate import SqliteGate
from bot.store.migrations import migrate, unusable
from bot.store.rows import moment, one_row, to_ms
from bot.store.sqlite.connection import NO_ROOM, closed_on_error, connect, ensure_private_file, has_room
from bot.store.sqlite.writer import DatabaseThread


class SqliteStore(Facets, SqliteGate):
    """Implements RequestStore, JobStore, GateStore and UsageStats on one SQLite file.

    Use as an async context manager; entering it migrates the file and raises StartupError if it can't be used.
    `on_death` is called if one of the database's threads ended with an error: the bot can't continue without it.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        per_user_running: int = 2,
        per_user_pending: int = 10,
        max_running: int = 100,
        max_waiting_while_paused: int = 1_000,
        on_death: Iterable[Callable[[BaseException], None]] = (),
    ) -> None:
        self._path, self._clock = path, clock
        self._per_user_running = per_user_running
        self._room = QueueLimits(pending=per_user_pending, while_shut=max_waiting_while_paused)
        self._max_running = max_running
        self._drawn_up_for = 0
        thread = partial(DatabaseThread, on_death=tuple(on_death))
        self._writer = thread("database-writer", self._open_for_writing, grouped=True)
        self._reader = thread("database-reader", lambda: connect(path, read_only=True), grouped=False)
        # Statistics of a large server may take a second, so they have a separate thread.
        self._counter = thread("database-statistics", lambda: connect(path, read_only=True), grouped=False)
        super().__init__(
            path, reader=self._reader, counter=self._counter, writer=self._writer, clock=clock, room=self._room
        )

    async def __aenter__(self) -> Self:
        try:
            await self._writer.start()
            await self._reader.start()
            await self._counter.start()
        except (sqlite3.Error, OSError, StartupError) as error:
            await self.close()
            if not has_room(self._path.parent):
                raise BotError(NO_ROOM) from None
            if isinstance(error, StartupError):
                raise
            raise StartupError(unusable(str(self._path), str(error))) from None
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish the pending writes, then close both connections."""
        await asyncio.gather(self._reader.close(), self._counter.close(), self._writer.close())

    def _open_for_writing(self) -> Database:
        restore.finish(self._path)  # complete a restore that was killed midway
        ensure_private_file(self._path)
        with closed_on_error(connect(self._path)) as db:
            migrate(db, str(self._path), size_bytes=self._path.stat().st_size)
            return db

    def _draw_up_once(self, db: Database) -> None:
        """Snapshot the queue once for views that are read together: in a burst this is most of the work."""
        if self._drawn_up_for != self._reader.group:
            fair_queue.draw_up(db)
            self._drawn_up_for = self._reader.group

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())

    # Requests

    async def accept(self, new: NewRequest, *, not_before: datetime | None = None) -> int:
        """See RequestStore."""
        room, at = self._room, self._now_ms()
        return await self._writer.run(lambda db: requests.accept(db, new, room=room, not_before=not_before, now_ms=at))

    async def view(self, request_id: int) -> RequestView:
        """See RequestStore."""
        return await self._reader.run(lambda db: requests.view(db, request_id, self._draw_up_once))

    async def request_of_message(self, message_id: int, interaction_id: int | None) -> int | None:
        """See RequestStore."""
        return await self._reader.run(lambda db: messages.request_of(db, message_id, interaction_id))

    async def sent_with(self, form_id: int, user_id: int) -> int | None:
        """See RequestStore."""
        return await self._reader.run(lambda db: messages.sent_with(db, form_id, user_id))

    async def note_shown(self, request_id: int, shown: Shown) -> None:
        """See RequestStore."""
        now_ms = self._now_ms()
        await self._writer.run(lambda db: requests.note_shown(db, request_id, shown, now_ms=now_ms))

    async def copies(self, request_id: int) -> list[Copy]:
        """See RequestStore."""
        return await self._reader.run(lambda db: messages.copies_of(db, request_id))

    async def requests_behind(self) -> list[int]:
        """See RequestStore."""
        return await self._reader.run(requests.behind)

    async def references_arrived(self, request_id: int, found: Sequence[Reference]) -> None:
        """See RequestStore."""
        await self._writer.run(lambda db: references.arrived(db, request_id, found))

    async def finished_references(self, before: datetime, *, most: int) -> list[int]:
        """See RequestStore."""
        return await self._reader.run(lambda db: references.finished(db, to_ms(before), most))

    async def references_removed(self, request_ids: Sequence[int]) -> None:
        """See RequestStore."""
        await self._writer.run(lambda db: references.removed(db, request_ids))

    async def awaiting_references(self) -> list[int]:
        """See RequestStore."""
        return await self._reader.run(references.awaited)

    async def delete(self, request_id: int, by_user_id: int) -> bool:
        """See RequestStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: requests.delete(db, request_id, by_user_id, now_ms=now_ms))

    async def remove(self, request_id: int, entry: NewAuditEntry) -> bool:
        """See RequestStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: requests.remove(db, request_id, entry, now_ms=now_ms))

    async def renew_token(self, request_id: int, lease: TokenLease) -> None:
        """See RequestStore."""
        await self._writer.run(lambda db: tokens.renew_token(db, request_id, lease))

    async def waiting_requests(self) -> list[int]:
        """See RequestStore."""
        return await self._reader.run(requests.waiting)

    async def wipe_token(self, request_id: int) -> None:
        """See RequestStore."""
        await self._writer.run(lambda db: tokens.wipe_token(db, request_id))

    async def wipe_expired_tokens(self) -> int:
        """See RequestStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: tokens.wipe_tokens(db, now_ms=now_ms))

    # Jobs

    async def job(self, job_id: int) -> Job:
        """See JobStore."""
        return await self._reader.run(lambda db: jobs.get(db, job_id))

    async def find(self, job_id: int, *, of_member: int | None = None) -> Job | None:
        """See JobStore."""
        return await self._reader.run(lambda db: jobs.find(db, job_id, of_member=of_member))

    async def find_within_reach(self, job_id: int, viewer: Viewer) -> Job | None:
        """See JobStore."""
        return await self._reader.run(lambda db: messages.find_within_reach(db, job_id, viewer))

    async def adopt(self, owner: str) -> list[Job]:
        """See JobStore."""
        return await self._writer.run(lambda db: jobs.adopt(db, owner=owner))

    async def admit(self, owner: str, *, most: int) -> list[Job]:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(
            lambda db: fair_queue.admit(
                db, owner=owner, per_user=self._per_user_running, at_once=self._max_running, most=most, now_ms=now_ms
            )
        )

    async def waiting(self) -> int:
        """See JobStore."""
        return await self._reader.run(requests.waiting_of_all)

    async def next_not_before(self, after: datetime) -> datetime | None:
        """See JobStore."""
        after_ms = to_ms(after)
        return moment(await self._reader.run(lambda db: fair_queue.next_not_before(db, after_ms=after_ms)))

    async def unclaim(self, job_id: int, owner: str) -> None:
        """See JobStore."""
        await self._writer.run(lambda db: fair_queue.unclaim(db, job_id, owner=owner))

    async def begin_submit(self, job_id: int, owner: str) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: jobs.begin_submit(db, job_id, owner=owner, now_ms=now_ms))

    async def submitted(self, job_id: int, owner: str, submission: Submission, eta_at: datetime | None) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(
            lambda db: jobs.accepted_by_provider(db, job_id, submission, owner=owner, eta_at=eta_at, now_ms=now_ms)
        )

    async def back_to_queue(
        self, job_id: int, owner: str, error: ProviderError, not_before: datetime | None
    ) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()

        def write(db: Database) -> Job | None:
            job = jobs.back_to_queue(db, job_id, error, owner=owner, not_before=not_before, now_ms=now_ms)
            if isinstance(error, BalanceError):
                ledger.append_balance_error(db, job or jobs.get(db, job_id), error, now_ms)
            return job

        return await self._writer.run(write)

    async def uncertain(self, job_id: int, error: BotError) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: jobs.uncertain(db, job_id, error, now_ms=now_ms))

    async def step_failed(self, job_id: int, what: str) -> int:
        """See JobStore."""
        return await self._writer.run(lambda db: jobs.step_failed(db, job_id, what, now_ms=self._now_ms()))

    async def failed(self, job_id: int, error: BotError, cost: Cost) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: jobs.failed(db, job_id, error, cost, now_ms=now_ms))

    async def fetched(
        self, job_id: int, file_name: str, picture: PictureInfo, status: TaskStatus | None = None
    ) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: jobs.fetched(db, job_id, file_name, picture, status, now_ms=now_ms))

    async def picture_lost(self, job_id: int) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: jobs.picture_lost(db, job_id, now_ms=now_ms))

    async def ready(self, job_id: int, reason: str) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: jobs.ready(db, job_id, reason, now_ms=now_ms))

    async def cancelled(self, job_id: int) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: jobs.cancelled(db, job_id, now_ms=now_ms))

    async def withdrawn(self, job_id: int) -> Job | None:
        """See JobStore."""
        now_ms = self._now_ms()
        return await self._writer.run(lambda db: jobs.withdrawn(db, job_id, now_ms=now_ms))

    async def retry(self, job_id: int, *, role_ids: Collection[int] | None = None) -> Job | None:
        """See JobStore."""
        room, at = self._room, self._now_ms()
        return await self._writer.run(lambda db: retry.retry(db, job_id, role_ids=role_ids, room=room, now_ms=at))

    async def unneeded_files(self, request_id: int) -> list[int]:
        """See JobStore."""
        return await self._reader.run(lambda db: file_retention.unneeded_files(db, request_id))

    async def finished_files(self, before: datetime, *, most: int) -> list[int]:
        """See JobStore."""
        return await self._reader.run(lambda db: file_retention.finished_files(db, to_ms(before), most))

    async def files_removed(self, job_ids: Sequence[int]) -> None:
        """See JobStore."""
        await self._writer.run(lambda db: file_retention.files_removed(db, job_ids))

    async def recent_durations(self, resolution: Resolution, limit: int) -> list[float]:
        """See JobStore."""
        return await self._reader.run(lambda db: jobs.recent_durations(db, resolution, limit))

    # Usage, and key-value facts about the installation

    async def usage(self, since: date | None) -> Sequence[UsageRow]:
        """See UsageStats."""
        return await self._reader.run(lambda db: usage.totals(db, since))

    async def states(self) -> Mapping[JobState, int]:
        """See UsageStats."""
        return await self._reader.run(usage.states)

    async def fact(self, name: str) -> str | None:
        """A stored fact about the installation, such as the digest of the commands last registered."""
        row = await self._reader.run(lambda db: one_row(db, "SELECT value FROM facts WHERE name = :n", {"n": name}))
        return row["value"] if row else None

    async def remember(self, name: str, value: str) -> None:
        """Store a fact, replacing an earlier one of that name."""
        sql = "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)"
        await self._writer.run(lambda db: db.conn.execute(sql, (name, value)).close())
