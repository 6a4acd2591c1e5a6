"""Selects the files that go with a card: pictures that its message lacks, shrunk to fit, and the contact sheet."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.job import Job, JobState, Request, RequestView
from bot.domain.limits import MAX_TOGETHER_BYTES
from bot.localization.catalogue import words_for
from bot.messages.fallback_chain import Upload
from bot.ports import Fitted, PictureFiles, PictureFitter, SheetMaker
from bot.ui.card import file_name
from bot.ui.text import alt_text, sheet_name

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedAttachments:
    """A request's files by job, to be uploaded or kept.

    `view` has the rows as they will be once these files are posted: the card says which ones were shrunk.
    """

    view: RequestView
    pictures: Mapping[int, Upload]
    sheet: Upload | None

    @property
    def files(self) -> list[Upload]:
        """All files, in upload order."""
        return [*self.pictures.values(), *([self.sheet] if self.sheet else [])]

    @property
    def names(self) -> dict[int, str]:
        """The file name of each job's picture."""
        return {job_id: upload.file_name for job_id, upload in self.pictures.items()}

    @property
    def keeps(self) -> bool:
        """Whether the message keeps attachments that it has already."""
        return any(upload.fitted is None for upload in self.pictures.values())

    @property
    def new(self) -> bool:
        """Whether there is anything to upload."""
        return any(upload.fitted is not None or upload.data is not None for upload in self.files)

    @property
    def next_rung(self) -> int:
        """The next step of shrinking if Discord rejects these files as too large; 1 and more leave the sheet out."""
        return 1 + max((upload.fitted.rung for upload in self.pictures.values() if upload.fitted), default=0)


class AttachmentBuilder:
    """Selects a request's files and shrinks them to the upload limit, starting at a given step (rung) of shrinking."""

    def __init__(self, *, files: PictureFiles, fitter: PictureFitter, sheets: SheetMaker) -> None:
        self._files = files
        self._fitter = fitter
        self._sheets = sheets

    async def pack(self, view: RequestView, rung: int) -> PackedAttachments:
        """The file of each job with a picture: uploaded if the message lacks it, else kept."""
        pictures = {}
        # An attachment whose id Discord did not return cannot be kept, and is uploaded again.
        new = [
            job for job in view.jobs if job.state is JobState.FETCHED or (_reposts(job) and job.attachment_id is None)
        ]
        for job in view.jobs:
            if job.state is JobState.DELIVERED and job.attachment_id is not None:
                pictures[job.id] = Upload(
                    file_name=job.attachment_name,
                    description=alt_text(view.request.spec),
                    fitted=None,
                    attachment_id=job.attachment_id,
                    shrunk=job.shown_as,
                )
            elif job in new and (fitted := await self._fitted(job, view, rung, of=len(new))) is not None:
                pictures[job.id] = Upload(
                    file_name=file_name(job, fitted.extension),
                    description=alt_text(view.request.spec),
                    fitted=fitted,
                    shrunk=fitted.shrunk,
                )
        # If the first attempt was too large, the sheet is left out in favour of the pictures.
        sheet = await self._sheet(view.request) if rung == 0 else None
        return PackedAttachments(view=_as_shown(view, pictures), pictures=pictures, sheet=sheet)

    async def _fitted(self, job: Job, view: RequestView, rung: int, *, of: int) -> Fitted | None:
        if job.picture_file is None:
            return None
        limit_bytes = min(view.request.upload_limit_bytes, MAX_TOGETHER_BYTES // of)
        fitted = await self._fitter.fit(self._files.path_of(job.picture_file), limit_bytes, rung=rung)
        if fitted is None:
            log.warning("picture_does_not_fit", extra={"job_id": job.id, "limit_bytes": limit_bytes})
        return fitted

    async def _sheet(self, request: Request) -> Upload | None:
        data = await self._sheets.of(request)
        if data is None:
            return None
        description = words_for(request.origin.locale)("card.sheet")
        return Upload(file_name=sheet_name(request.id), description=description, fitted=None, data=data)


def all_new(view: RequestView) -> RequestView:
    """The rows as if no picture had been posted; pictures that are no longer on our disk are left out."""
    jobs = (
        replace(job, state=JobState.FETCHED if _reposts(job) else job.state, attachment_id=None) for job in view.jobs
    )
    return replace(view, jobs=tuple(jobs), request=replace(view.request, message_id=None, token=None))


def _as_shown(view: RequestView, pictures: Mapping[int, Upload]) -> RequestView:
    jobs = tuple(replace(job, shown_as=pictures[job.id].shrunk) if job.id in pictures else job for job in view.jobs)
    return replace(view, jobs=jobs)


def _reposts(job: Job) -> bool:
    return job.state is JobState.DELIVERED and job.picture_file is not None
