"""What members may know of what is kept of them, and that it goes when they wish so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from bot.clock import Clock
from bot.domain.errors import Refusal
from bot.domain.privacy import DataCounts
from bot.ports import Presenter
from bot.ports.privacy import Archive, ArchiveFiles, PrivacyStore
from bot.services.retention import Retention

_NAME: Final = "imagine-bot-data"
_PAGE: Final = 100
"""Requests that are read, held and written together."""
_AT_ONCE: Final = 2


class Privacy:
    """The service behind `/privacy`. Refusals are told to the member."""

    def __init__(
        self, *, store: PrivacyStore, archives: ArchiveFiles, retention: Retention, presenter: Presenter, clock: Clock
    ) -> None:
        self._store = store
        self._archives = archives
        self._retention = retention
        self._presenter = presenter
        self._clock = clock
        self._exports = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def exported(
        self, user_id: int, *, note: str, limit_bytes: int, most_files: int
    ) -> AsyncIterator[Sequence[Path]]:
        """Everything that is kept about a member, as ZIP files of JSON that are gone afterwards.

        `note` explains them. None is larger than the limit; raises Refusal where that takes more than `most_files`.
        """
        with ExitStack() as stack:
            async with self._exports:
                opened = self._archives.opened(_NAME, limit_bytes=limit_bytes)
                archive = await asyncio.to_thread(stack.enter_context, opened)
                async for files in self._written(archive, user_id, note):
                    if files > most_files:
                        raise Refusal("copy_too_large", files=most_files)
                found = await asyncio.to_thread(archive.finished)
            yield found

    async def _written(self, archive: Archive, user_id: int, note: str) -> AsyncIterator[int]:
        """Write the export page by page; yields how many files there are by then."""
        about = {
            "note": note,
            "member": str(user_id),
            "exported_at": self._clock.now().isoformat(timespec="seconds"),
            **await self._store.kept_beside(user_id),
        }
        yield await _add(archive, "about-you.json", about)
        number = after = 0
        while page := await self._store.kept_requests(user_id, after=after, most=_PAGE):
            number, after = number + 1, int(str(page[-1]["id"]))
            yield await _add(archive, f"orders-{number:04}.json", page)

    async def tally(self, user_id: int) -> DataCounts:
        """How much there is to delete; refused where there is nothing."""
        tally = await self._store.tally(user_id)
        if tally.empty:
            raise Refusal("nothing_kept")
        return tally

    async def delete(self, user_id: int) -> None:
        """Delete what a member said and made so far; the ledger keeps numbers, times and costs.

        What is under way is taken back or, where it is paid for, thrown away when it comes. The wish is recorded
        first: whatever interrupts the rest, the next sweep goes on. Twice is as good as once.
        """
        self._presenter.refresh(await self._store.begin_erasure(user_id))
        await self._retention.erase(user_id)
        await self._retention.clear()


async def _add(archive: Archive, name: str, content: object) -> int:
    return await asyncio.to_thread(
        lambda: archive.add(name, json.dumps(content, ensure_ascii=False, indent=1).encode())
    )
