"""The untouched files of pictures that were made smaller for their messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.domain.errors import Refusal
from bot.domain.job import Viewer
from bot.ports import PictureFiles
from bot.services.picture_actions import PictureActions

_AT_ONCE: Final = 4
"""Parts in memory at a time, of up to 24 MiB each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A picture's file as the model made it."""

    job_id: int
    path: Path
    extension: str
    size_bytes: int


class Originals:
    """The service behind the button Original. Refusals are told to the member."""

    def __init__(self, *, pictures: PictureActions, files: PictureFiles, keep_days: float) -> None:
        self._pictures = pictures
        self._files = files
        self._keep_days = keep_days
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def find(self, job_id: int, viewer: Viewer) -> Original:
        """The file of a picture that is still kept; whoever sees the picture's message may have it."""
        _, job = await self._pictures.look(job_id, viewer)
        found = None if job.picture_file is None else await self._files.find(job_id)
        if found is None:
            raise self._gone(job_id)
        path, info = found
        return Original(job_id=job_id, path=path, extension=info.extension, size_bytes=info.size_bytes)

    @asynccontextmanager
    async def part(self, original: Original, start: int, size_bytes: int) -> AsyncIterator[bytes]:
        """Hold a stretch of the file in memory while it is sent; refused if the file was deleted meanwhile."""
        async with self._slots:
            try:
                data = await asyncio.to_thread(_read, original.path, start, size_bytes)
            except FileNotFoundError:
                raise self._gone(original.job_id) from None
            yield data

    def _gone(self, job_id: int) -> Refusal:
        return Refusal("original_gone", number=job_id, days=self._keep_days)


def _read(path: Path, start: int, size_bytes: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size_bytes)
