"""Reference pictures on their way: copied right after a request is accepted, sent in the form the provider takes."""

from __future__ import annotations

import asyncio
import base64
import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from bot.clock import Clock
from bot.domain.errors import BadReferenceError, Cost, PictureError, ProviderError, StoreError
from bot.domain.job import JobState, Reference, Request
from bot.domain.schedule import backoff_s
from bot.ports import ImageUploads, JobStore, PictureFiles, Presenter, ReferenceFiles, RequestStore
from bot.queue.retry import StoreRetry
from bot.queue.wakeup import Wakeup
from bot.tasks import TaskGroup

log = logging.getLogger(__name__)

_MOST_TRIES: Final = 4
_CONTENT_TYPES: Final = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif"}
_FRESH: Final = timedelta(minutes=5)
"""An address that expires sooner is not given to the provider."""


class TransportMode(StrEnum):
    """The forms in which a reference may be sent as one of `image_urls`."""

    URL = "url"
    """Discord's own address, while it is fresh, of a file that has nothing in it but the picture."""
    UPLOAD = "upload"
    """Our copy, through the provider's upload endpoint."""
    DATA = "data"
    """Our copy, inside the request itself."""


class ReferenceTransport:
    """Copies references, and turns them into `image_urls`."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        jobs: JobStore,
        copies: ReferenceFiles,
        spool: PictureFiles,
        uploads: ImageUploads,
        presenter: Presenter,
        clock: Clock,
        rng: random.Random,
        wakeup: Wakeup,
        transport: TransportMode | None = None,
    ) -> None:
        self._requests = requests
        self._jobs = jobs
        self._copies = copies
        self._spool = spool
        self._uploads = uploads
        self._presenter = presenter
        self._clock = clock
        self._rng = rng
        self._insist = StoreRetry(clock, rng)
        self._wakeup = wakeup
        self._transports = (transport,) if transport else tuple(TransportMode)
        self._tasks = TaskGroup()

    def fetch(self, request_id: int) -> None:
        """Copy a request's references in the background; its jobs wait for them, and its message shows a failure."""
        self._tasks.start(self._fetch_and_show(request_id), name=f"references-{request_id}")

    async def copied(self, request_id: int) -> PictureError | None:
        """Copy a request's references; returns why one cannot be had, which is the caller's to tell.

        The copying goes on if its caller is stopped; what was not told by the end of the process, the message shows.
        """
        return await asyncio.shield(self._tasks.start(self._fetch(request_id), name=f"references-{request_id}"))

    async def recover(self) -> None:
        """Go on with the requests whose references were still missing when the last process ended."""
        for request_id in await self._requests.awaiting_references():
            self.fetch(request_id)

    async def close(self) -> None:
        """Stop copying; the next start goes on."""
        await self._tasks.close()

    def forms(self, request: Request) -> list[TransportMode]:
        """The forms to try for a request, the best first; none for one without references."""
        if not request.references:
            return []
        postable = all(self._may_go_by_url(reference) for reference in request.references)
        usable = [form for form in self._transports if form is not TransportMode.URL or postable]
        return usable or [TransportMode.DATA]

    async def image_urls(self, request: Request, forms: list[TransportMode]) -> list[str]:
        """The references in the first of these forms that can be made, in their order; takes it off the list.

        An upload that fails, for whatever reason, costs nothing and decides nothing: the next form is made instead.
        Raises BadReferenceError where our copy is gone.
        """
        while forms:
            form = forms.pop(0)
            try:
                return [await self._image_url(reference, form) for reference in request.references]
            except ProviderError as error:
                log.warning("reference_upload_failed", extra={"request_id": request.id, "code": error.code})
                if not forms and form is not TransportMode.DATA:
                    forms.append(TransportMode.DATA)
        return []

    async def _image_url(self, reference: Reference, form: TransportMode) -> str:
        if form is TransportMode.URL:
            return reference.url
        path = self._path_of(reference)
        content_type = _CONTENT_TYPES.get(path.suffix, "image/png")
        if not await asyncio.to_thread(path.is_file):  # the disk was lost, and a backup brings back rows alone
            raise BadReferenceError("reference_lost", reference.position + 1, reference.name)
        if form is TransportMode.UPLOAD:
            return await self._uploads.upload(path, content_type=content_type)
        data = await asyncio.to_thread(lambda: base64.b64encode(path.read_bytes()).decode())
        return f"data:{content_type};base64,{data}"

    def _path_of(self, reference: Reference) -> Path:
        """Our copy: of a posted file, or a picture that this bot made itself (it has no address)."""
        name = reference.file_name or ""
        return self._copies.path_of(name) if reference.url else self._spool.path_of(name)

    def _may_go_by_url(self, reference: Reference) -> bool:
        """Whether the provider may read it where it was posted: not where it says there who was when and where."""
        if not reference.url or not reference.file_name or not self._copies.is_as_posted(reference.file_name):
            return False
        expires_at = _expiry_of(reference.url)
        return expires_at is not None and expires_at - self._clock.now() > _FRESH

    async def _fetch_and_show(self, request_id: int) -> None:
        if await self._fetch(request_id) is not None:
            self._presenter.refresh([request_id])

    async def _fetch(self, request_id: int) -> PictureError | None:
        request = (await self._insist(lambda: self._requests.view(request_id))).request
        for tries in range(1, _MOST_TRIES + 1):
            try:
                found = await self._copy_all(request)
            except (ProviderError, StoreError) as error:
                log.warning("reference_trouble", extra={"request_id": request_id, "error": type(error).__name__})
                await self._clock.sleep(backoff_s(tries, base_s=1.0, cap_s=10.0, rng=self._rng))
            except PictureError as error:
                return await self._given_up(request_id, error)
            except Exception:
                log.exception("reference_step_failed", extra={"request_id": request_id})
                await self._clock.sleep(backoff_s(tries, base_s=1.0, cap_s=10.0, rng=self._rng))
            else:
                await self._arrived(request_id, found)
                return None
        unreachable = PictureError("references_unreachable", "Discord's file server is unreachable")
        return await self._given_up(request_id, unreachable)

    async def _arrived(self, request_id: int, found: Sequence[Reference]) -> None:
        await self._insist(lambda: self._requests.references_arrived(request_id, found))
        self._wakeup.wake()

    async def _copy_all(self, request: Request) -> list[Reference]:
        """Bring all to our disk, or raise why one cannot come; by then nothing more is being copied."""
        copying = (self._copy(request, reference) for reference in request.references)
        outcomes = await asyncio.gather(*copying, return_exceptions=True)
        errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if errors:  # one that will never come is told before one that may
            raise min(errors, key=lambda error: not isinstance(error, PictureError))
        return [outcome for outcome in outcomes if isinstance(outcome, Reference)]

    async def _copy(self, request: Request, reference: Reference) -> Reference:
        """Bring one reference to our disk, unless it is there: a request that is made again shares its files."""
        if reference.url and reference.file_name is None:
            return await self._copies.copy(request.id, reference)
        path = self._path_of(reference)
        try:
            size_bytes = (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError:
            raise BadReferenceError("reference_lost", reference.position + 1, reference.name) from None
        return replace(reference, content_type=_CONTENT_TYPES.get(path.suffix), size_bytes=size_bytes)

    async def _given_up(self, request_id: int, error: PictureError) -> PictureError:
        """End a request whose references cannot be had: nothing was sent, nothing is charged."""
        for job in (await self._insist(lambda: self._requests.view(request_id))).jobs:
            if job.state is JobState.QUEUED:
                await self._insist(partial(self._jobs.failed, job.id, error, Cost.NOTHING))
        try:
            await self._copies.remove(request_id)  # the usable ones have no row that would remind the sweep of them
        except OSError:
            log.exception("references_not_removed", extra={"request_id": request_id})
        return error


def _expiry_of(url: str) -> datetime | None:
    """When a signed address of Discord's CDN ends (`ex`, seconds since 1970 in hexadecimal), if it says so."""
    query = url.partition("?")[2]
    values = dict(part.partition("=")[::2] for part in query.split("&"))
    try:
        return datetime.fromtimestamp(int(values["ex"], 16), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
