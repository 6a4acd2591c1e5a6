"""What members look up later: work under way, pictures that wait for them, everything they made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.domain.errors import Refusal
from bot.domain.job import Job, JobState, RequestView
from bot.domain.privacy import check_remembered
from bot.ports import Fitted, JobStore, PictureFiles, PictureFitter, RequestStore
from bot.ports.lists import GalleryPage, ListStore
from bot.ports.stores import Copy

PAGE = 5
_PICTURE = frozenset({JobState.READY, JobState.DELIVERED})
_ENDED = frozenset({JobState.FAILED, JobState.CANCELLED})


class Library:
    """The service behind `/queue`, `/collect` and `/gallery`. Refusals are told to the member."""

    def __init__(
        self,
        *,
        lists: ListStore,
        requests: RequestStore,
        jobs: JobStore,
        files: PictureFiles,
        fitter: PictureFitter,
        keep_days: float,
    ) -> None:
        self._lists = lists
        self._requests = requests
        self._jobs = jobs
        self._files = files
        self._fitter = fitter
        self._keep_days = keep_days

    async def under_way(self, user_id: int) -> list[RequestView]:
        """The member's requests that still have something to come."""
        return await self._lists.unfinished(user_id)

    async def uncollected(self, user_id: int) -> list[RequestView]:
        """Requests with only those of their pictures that wait to be handed over; refused if there is none."""
        views = [_with(view, JobState.READY) for view in await self._lists.uncollected(user_id)]
        if not views:
            raise Refusal("nothing_to_collect")
        here = [view for view in [await self._on_disk(view) for view in views] if view.jobs]
        if not here:
            raise Refusal("picture_lost", number=views[0].jobs[0].id)
        return here

    async def picture(self, number: int, user_id: int) -> RequestView:
        """One earlier picture of the member that is still on our disk, with its request."""
        job = await self._jobs.find(number, of_member=user_id)
        if job is None:
            elses = await self._jobs.find(number) is not None
            raise Refusal("not_yours_to_collect" if elses else "unknown_number", number=number)
        if job.state in _ENDED:
            raise Refusal("ended_without_picture", number=number)
        if job.state not in _PICTURE:
            raise Refusal("not_finished", number=number)
        view = await self._requests.view(job.request_id)
        check_remembered(view.request, number)
        if view.request.deleted_at is not None and job.state is not JobState.READY:
            raise Refusal("deleted", number=number)
        if job.picture_file is None or await self._files.find(number) is None:
            if job.state is JobState.READY:
                raise Refusal("picture_lost", number=number)
            raise Refusal("file_gone", number=number, days=self._keep_days)
        return replace(view, jobs=(job,))

    async def gallery(self, user_id: int, *, page: int, words: str) -> tuple[GalleryPage, int]:
        """A page (from 0) of the member's pictures and its number: the last one where there are not so many."""
        found = await self._lists.gallery(user_id, words=words, first=page * PAGE, most=PAGE)
        last = max(0, found.total - 1) // PAGE
        if page <= last:
            return found, page
        return await self._lists.gallery(user_id, words=words, first=last * PAGE, most=PAGE), last

    async def thumbnails(self, page: GalleryPage) -> Mapping[int, Path]:
        """The small pictures of a page's entries by job, as far as there are any."""
        found = {entry.job.id: await self._files.thumbnail(entry.job.id) for entry in page.entries}
        return {job_id: path for job_id, path in found.items() if path is not None}

    async def fitted(self, view: RequestView, limit_bytes: int, *, rung: int = 0) -> Mapping[int, Fitted]:
        """The files of a request's pictures, none larger than its share of the limit; refused if one cannot be."""
        files = {}
        for job in view.jobs:
            path = self._files.path_of(job.picture_file or "")
            fitted = await self._fitter.fit(path, limit_bytes // len(view.jobs), rung=rung)
            if fitted is None:
                raise Refusal("too_large_here", number=job.id)
            files[job.id] = fitted
        return files

    async def _on_disk(self, view: RequestView) -> RequestView:
        """A request with only those of its pictures whose file is here: after the loss of a disk, some may not be."""
        paths = [self._files.path_of(job.picture_file or "") for job in view.jobs]
        found = await asyncio.to_thread(lambda: [path.is_file() for path in paths])
        return replace(view, jobs=tuple(job for job, here in zip(view.jobs, found, strict=True) if here))

    async def begun(self, view: RequestView, copy: Copy) -> None:
        """Record a message that is about to show these pictures."""
        await self._lists.begun(view.request.id, copy)

    async def handed_over(self, view: RequestView, copy: Copy) -> None:
        """Record that a message shows these pictures now; those that waited for it are delivered by that."""
        for job in view.jobs:
            if await self._lists.collected(job.id, copy) is None:
                await self._lists.reposted(job.id, copy)


def _with(view: RequestView, state: JobState) -> RequestView:
    jobs: tuple[Job, ...] = tuple(job for job in view.jobs if job.state is state)
    return replace(view, jobs=jobs)
