"""A server's jobs as a table, for a spreadsheet: made off the event loop, row by row."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.errors import Refusal
from bot.domain.period import Period
from bot.ports.audit import AuditStore
from bot.ports.statistics import EXPORT_COLUMNS, ExportLine, StatisticsStore, TableFiles

MOST_FILES: Final = 10
_SMALLEST_LIMIT_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The files of an export, and how many jobs are in them."""

    files: Sequence[Path]
    jobs: int


class Exporter:
    """The service behind `/usage export`; one at a time, since each reads a whole period."""

    def __init__(self, *, statistics: StatisticsStore, tables: TableFiles, audit: AuditStore) -> None:
        self._statistics = statistics
        self._tables = tables
        self._audit = audit
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def export(self, guild_id: int, period: Period, *, actor_id: int, limit_bytes: int) -> AsyncIterator[Export]:
        """The jobs of a period as files that are gone afterwards, none larger than the limit.

        Raises Refusal where there are none, or too many for `MOST_FILES` files. Who exported what is noted.
        """
        counted = _Counted(self._statistics.export(guild_id, period))
        name = f"usage-{period.first}-{period.last}"
        with ExitStack() as stack:
            limit_bytes = max(limit_bytes, _SMALLEST_LIMIT_BYTES)
            table = self._tables.written(name, EXPORT_COLUMNS, counted, limit_bytes=limit_bytes, most_parts=MOST_FILES)
            async with self._one_at_a_time:
                try:
                    files = await asyncio.to_thread(stack.enter_context, table)
                finally:
                    counted.stop()
            if not counted.rows:
                raise Refusal("export_empty")
            if not files:
                raise Refusal("export_too_large", files=MOST_FILES)
            detail = f"{counted.rows} pictures, {period.first} to {period.last}"
            entry = NewAuditEntry(guild_id=guild_id, actor_id=actor_id, action=AuditAction.EXPORT, detail=detail)
            await self._audit.note(entry)
            yield Export(files=files, jobs=counted.rows)


class _Counted:
    """The rows of a table as they are read, counted; they end early when nobody waits for them any more."""

    def __init__(self, batches: Generator[Sequence[ExportLine], None, None]) -> None:
        self._batches = batches
        self._stopped = threading.Event()
        self.rows = 0

    def stop(self) -> None:
        """End with the next batch, in whatever thread they are read."""
        self._stopped.set()

    def __iter__(self) -> Iterator[ExportLine]:
        with closing(self._batches):
            for batch in self._batches:
                if self._stopped.is_set():
                    return
                for line in batch:
                    self.rows += 1
                    yield line
