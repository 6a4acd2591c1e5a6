"""Sweeps files that a crash left behind: written, and their job settled otherwise before a row named them."""

from __future__ import annotations

import logging

from bot.ports import PictureFiles, ReferenceFiles
from bot.ports.orphans import StrayStore

log = logging.getLogger(__name__)


class OrphanSweep:
    """Looks through both folders. A picture that is paid for and not shown yet has a row, so it is never a stray."""

    def __init__(self, *, store: StrayStore, files: PictureFiles, copies: ReferenceFiles) -> None:
        self._store = store
        self._files = files
        self._copies = copies

    async def sweep(self) -> int:
        """Delete the strays; returns of how many jobs and requests."""
        # The files are listed before the rows are asked: a file that comes later has a job at work.
        pictures = await self._store.stray_pictures(await self._files.jobs_on_disk())
        for job_id in pictures:
            await self._files.retire(job_id)
        references = await self._store.stray_references(await self._copies.requests_on_disk())
        for request_id in references:
            await self._copies.remove(request_id)
        if pictures or references:
            log.info("strays_swept", extra={"pictures": len(pictures), "references": len(references)})
        return len(pictures) + len(references)
