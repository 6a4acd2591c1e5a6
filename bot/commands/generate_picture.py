"""Makes one picture from order to file, without Discord and without a database."""

from __future__ import annotations

import asyncio
import base64
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from bot.apimaster.client import ApimasterClient
from bot.clock import Clock
from bot.commands.generate_options import LocalImage, Order
from bot.commands.progress import Progress
from bot.domain.errors import (
    BadRequestError,
    ContentRefusedError,
    OutcomeUnknownError,
    PictureError,
    PlatformError,
    RateLimitedError,
    StoreError,
    TaskFailedError,
    TaskTimeoutError,
    UnavailableError,
    UnreachableError,
)
from bot.domain.picture import PictureInfo
from bot.domain.schedule import Polling, backoff_s, next_poll_s
from bot.media.decoders import open_image
from bot.media.metadata import CleanPicture, cleaned
from bot.media.sniff import Kind
from bot.media.verify import verify
from bot.ports import PictureSource, TaskState, TaskStatus

# Of a poll or a download, which may be repeated: asking again costs nothing.
_PASSING: Final = (UnavailableError, UnreachableError, OutcomeUnknownError, RateLimitedError)
_DOWNLOADS: Final = 4
# Of a finished task's picture: the next poll may return a URL that works.
_ASKED_ANEW: Final = frozenset({"result_gone", "not_a_picture"})
_PICTURES: Final = 3
# If the upload endpoint is missing or fails, the picture is sent inside the request.
_NO_UPLOAD: Final = (BadRequestError, PlatformError, *_PASSING)
_T = TypeVar("_T")


@dataclass(slots=True)
class Recorder:
    """Progress to report on an interruption: a sent request may be charged, a task id can be fetched later."""

    sent: bool = False
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedPicture:
    """The finished picture: `converted_from` is the provider's format if the output's extension asked for another."""

    path: Path
    info: PictureInfo
    converted_from: str | None
    reported_cost: float | None
    task_id: str | None


class OnePicture:
    """Makes pictures as the bot does: references, one POST, polls, download, verification."""

    def __init__(
        self,
        client: ApimasterClient,
        polling: Polling,
        clock: Clock,
        progress: Progress,
        *,
        trail: Recorder,
        rng: random.Random,
    ) -> None:
        self._client = client
        self._polling = polling
        self._clock = clock
        self._progress = progress
        self._rng = rng
        self.trail = trail

    async def make(self, order: Order, *, sync: bool = False) -> GeneratedPicture:
        """Order a picture and fetch it; raises ProviderError, PictureError or StoreError."""
        urls = [await self._reference_url(reference) for reference in order.references]
        self._progress.step("waiting for the picture" if sync else "submitting")
        self.trail.sent = True
        call = self._client.generate if sync else self._client.submit
        submission = await call(order.spec, urls)
        if submission.task_id is not None:
            return await self.fetch(submission.task_id, order.output, order.kind)
        source = submission.source or PictureSource()
        return await self._keep(source, order.output, order.kind, submission.reported_cost)

    async def fetch(self, task_id: str, output: Path, kind: Kind) -> GeneratedPicture:
        """Wait for an existing task and fetch its picture; if it is gone or broken, poll again for another URL."""
        self.trail.sent, self.trail.task_id = True, task_id
        self._progress.step(f"task {task_id} is running")
        wait_s = self._polling.first_s
        for _ in range(_PICTURES - 1):
            try:
                return await self._fetch_once(task_id, wait_s, output, kind)
            except PictureError as error:
                if error.code not in _ASKED_ANEW:
                    raise
                self._progress.step(f"asking for the picture again after: {error}")
                wait_s = self._polling.every_s
        return await self._fetch_once(task_id, wait_s, output, kind)

    async def _fetch_once(self, task_id: str, wait_s: float, output: Path, kind: Kind) -> GeneratedPicture:
        status = await self._finished(task_id, wait_s)
        return await self._keep(status.source or PictureSource(), output, kind, status.reported_cost)

    async def _reference_url(self, reference: str | LocalImage) -> str:
        if isinstance(reference, str):
            return reference
        self._progress.step(f"uploading {reference.path.name}")
        picture = await asyncio.to_thread(_read_cleaned, reference)
        try:
            return await self._client.upload(picture.data, content_type=picture.kind.mime)
        except _NO_UPLOAD:
            self._progress.step(f"sending {reference.path.name} inside the request, since the upload failed")
            data = await asyncio.to_thread(base64.b64encode, picture.data)
            return f"data:{picture.kind.mime};base64,{data.decode()}"

    async def _finished(self, task_id: str, wait_s: float) -> TaskStatus:
        started = self._clock.monotonic()
        while True:
            await self._clock.sleep(wait_s)
            age_s = self._clock.monotonic() - started
            status = await self._poll(task_id)
            if status is not None and status.state is TaskState.SUCCEEDED:
                return status
            if status is not None and status.state is TaskState.FAILED:
                kind = ContentRefusedError if status.content_refused else TaskFailedError
                raise kind(status.error or "The provider gives no reason.", provider_code=status.error_code)
            if age_s > self._polling.timeout_s:
                raise TaskTimeoutError(f"The task {task_id} is still running after {age_s:.0f} s.")
            wait_s = next_poll_s(self._polling, age_s, self._rng)

    async def _poll(self, task_id: str) -> TaskStatus | None:
        try:
            status = await self._client.poll(task_id)
        except _PASSING as error:
            self._progress.step(f"asking again after: {error}")
            return None
        done = "" if status.progress is None else f", {status.progress:.0f} %"
        if status.state is TaskState.RUNNING:
            self._progress.step(f"task {task_id} is running{done}")
        return status

    async def _keep(self, source: PictureSource, output: Path, kind: Kind, cost: float | None) -> GeneratedPicture:
        self._progress.step("downloading")
        part = output.with_name(f".{output.name}.part")
        try:
            await self._insist(lambda: self._client.download(source, part))
            info = await verify(part)
            converted_from = None
            if info.extension != kind.extension:
                self._progress.step(f"converting from {info.format} to {kind.format}")
                converted_from = info.format
                await asyncio.to_thread(_convert, part, kind)
                info = await verify(part)
            _rename(part, output)
        finally:
            part.unlink(missing_ok=True)
        task_id = self.trail.task_id
        return GeneratedPicture(
            path=output, info=info, converted_from=converted_from, reported_cost=cost, task_id=task_id
        )

    async def _insist(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        for failures in range(1, _DOWNLOADS):
            try:
                return await attempt()
            except _PASSING as error:
                self._progress.step(f"downloading again after: {error}")
                every_s = self._polling.every_s
                await self._clock.sleep(backoff_s(failures, base_s=every_s, cap_s=4 * every_s, rng=self._rng))
        return await attempt()


def _read_cleaned(image: LocalImage) -> CleanPicture:
    """A reference without metadata such as its location, before it leaves this machine."""
    try:
        return cleaned(image.path.read_bytes(), image.kind)
    except OSError as error:
        raise StoreError(f"{image.path} cannot be read: {error.strerror}") from error


def _convert(path: Path, kind: Kind) -> None:
    try:
        with open_image(path) as opened:
            image = opened.convert("RGB") if kind.format == "JPEG" else opened.copy()
        image.save(path, kind.format, **({"quality": 95} if kind.format in {"JPEG", "WEBP"} else {}))
    except OSError as error:
        raise StoreError(f"The picture cannot be converted: {error}") from error


def _rename(part: Path, output: Path) -> None:
    try:
        part.chmod(0o666 & ~_umask())
        part.replace(output)
    except OSError as error:
        raise StoreError(f"{output} cannot be written: {error.strerror}") from error


def _umask() -> int:
    """The umask of this user; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
