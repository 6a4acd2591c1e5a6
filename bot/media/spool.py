"""The spool: finished pictures on disk, one per job, crash-safe at any moment."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.domain.errors import PictureError, StartupError, StoreError
from bot.domain.picture import PictureInfo
from bot.media.decode_pool import in_studio, room_for
from bot.media.fit import ENDINGS as SMALLER
from bot.media.sniff import KINDS
from bot.media.thumbnail import save_small
from bot.media.verify import verify_now
from bot.ops.durable_files import sync

_PICTURES: Final = tuple(kind.extension for kind in KINDS)
_ALL: Final = ("part", *_PICTURES, *SMALLER, "thumb.webp", "thumb.part")
"""The suffixes of a job's files.

They are checked one by one: thumbnails stay, and listing a folder of a hundred thousand files takes half a second.
"""
_BULKY: Final = frozenset(_ALL) - {"thumb.webp"}


class Spool:
    """PictureFiles in one directory that only this user can read.

    A download is written to `{job_id}.part`. `admit` verifies it, syncs it to disk and renames it to
    `{job_id}.{extension}`, so that a file with a final name is always complete. Its thumbnail is `{job_id}.thumb.webp`,
    and outlives it. Incomplete downloads of an earlier process are deleted; they will be fetched again. Only one
    process at a time may use a directory. Raises StartupError if it can't be created or written to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            root.chmod(0o700)
            probe = root / ".probe"
            probe.write_bytes(b"")
            probe.unlink()
            for part in root.glob("*.part"):
                part.unlink()
        except OSError as error:
            raise StartupError(
                f"The directory {root} cannot be written ({error.strerror}). Set DATA_DIR to one that can."
            ) from error

    def incoming(self, job_id: int) -> Path:
        """The path to which a download for this job is written before it is verified."""
        return self._root / f"{job_id}.part"

    def path_of(self, file_name: str) -> Path:
        """The path of an admitted picture with this file name."""
        return self._root / Path(file_name).name

    async def find(self, job_id: int) -> tuple[Path, PictureInfo] | None:
        """The admitted picture of a job, if it is on disk and complete."""
        return await in_studio(self._find, job_id)

    async def admit(self, job_id: int) -> tuple[Path, PictureInfo]:
        """Verify the incoming file and move it, durably, to its final name.

        Raises PictureError if it is not a usable picture (the file is removed), StoreError if the disk fails.
        """
        return await in_studio(self._admit, job_id)

    async def remove(self, job_id: int) -> None:
        """Delete all files of this job; there may be none."""
        await asyncio.to_thread(self._remove, job_id)

    async def retire(self, job_id: int) -> None:
        """Delete all files of this job except its thumbnail."""
        await asyncio.to_thread(self._remove, job_id, keep=self._thumbnail_of(job_id))

    async def thumbnail(self, job_id: int) -> Path | None:
        """The thumbnail of a job's picture, created if necessary; None if neither file exists."""
        return await in_studio(self._make_thumbnail, job_id)

    async def remove_thumbnail(self, job_id: int) -> None:
        """Delete the thumbnail alone."""
        await asyncio.to_thread(self._thumbnail_of(job_id).unlink, missing_ok=True)

    async def jobs_on_disk(self) -> list[int]:
        """The ids of jobs that have files other than thumbnails."""
        return await asyncio.to_thread(self._jobs_on_disk)

    def _jobs_on_disk(self) -> list[int]:
        with os.scandir(self._root) as entries:
            names = (entry.name.partition(".") for entry in entries)
            return sorted({int(job) for job, _, ending in names if job.isdecimal() and ending in _BULKY})

    def _thumbnail_of(self, job_id: int) -> Path:
        return self._root / f"{job_id}.thumb.webp"

    def _make_thumbnail(self, job_id: int) -> Path | None:
        thumbnail = self._thumbnail_of(job_id)
        if thumbnail.exists():
            return thumbnail
        picture = next(self._admitted(job_id), None)
        if picture is None:
            return None
        with room_for(picture):
            return thumbnail if save_small(picture, thumbnail) else None

    def _find(self, job_id: int) -> tuple[Path, PictureInfo] | None:
        for path in self._admitted(job_id):
            try:
                with room_for(path):
                    return path, verify_now(path)
            except PictureError:
                return None
        return None

    def _admitted(self, job_id: int) -> Iterator[Path]:
        """The picture itself: `12.part` is not verified yet, and `12.fit1.webp` is a smaller version."""
        for ending in _PICTURES:
            path = self._root / f"{job_id}.{ending}"
            if path.exists():
                yield path

    def _admit(self, job_id: int) -> tuple[Path, PictureInfo]:
        part = self.incoming(job_id)
        try:
            with room_for(part):
                info = verify_now(part)
        except PictureError:
            part.unlink(missing_ok=True)
            raise
        path = self._root / f"{job_id}.{info.extension}"
        try:
            part.chmod(0o600)
            sync(part)
            # An earlier picture of this job may have had another format; only one may remain.
            self._remove(job_id, keep=part)
            part.replace(path)
            sync(self._root)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"The picture cannot be kept on disk: {error.strerror or error}") from error
        with room_for(path):
            save_small(path, self._thumbnail_of(job_id))
        return path, info

    def _remove(self, job_id: int, keep: Path | None = None) -> None:
        for ending in _ALL:
            path = self._root / f"{job_id}.{ending}"
            if path != keep:
                path.unlink(missing_ok=True)
