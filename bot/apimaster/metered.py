"""Counts the provider's calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from cachetools import FIFOCache

from bot.clock import Clock
from bot.domain.errors import BotError
from bot.domain.picture import PictureSpec, Resolution
from bot.ops.counters import Counters
from bot.ports import ImageProvider, ImageUploads, PictureSource, Submission, TaskState, TaskStatus

_MOST_REMEMBERED: Final = 10_000
"""Bounds memory: some tasks are never polled to their end."""


class Provider(ImageProvider, ImageUploads, Protocol):
    """The counted calls: orders, polls, downloads and uploads."""


class MeteredProvider:
    """Implements ImageProvider and ImageUploads by delegation.

    Durations are only known for pictures ordered since the start.
    """

    def __init__(self, provider: Provider, counters: Counters, clock: Clock) -> None:
        self._provider = provider
        self._counters = counters
        self._clock = clock
        self._begun: FIFOCache[str, tuple[Resolution, float]] = FIFOCache(_MOST_REMEMBERED)

    async def submit(self, spec: PictureSpec, image_urls: Sequence[str] = ()) -> Submission:
        """See ImageProvider."""
        with self._counted("submit"):
            submission = await self._provider.submit(spec, image_urls)
        if submission.task_id is not None:
            self._begun[submission.task_id] = (spec.resolution, self._clock.monotonic())
        return submission

    async def poll(self, task_id: str) -> TaskStatus:
        """See ImageProvider."""
        with self._counted("poll"):
            status = await self._provider.poll(task_id)
        if status.state is not TaskState.RUNNING and (begun := self._begun.pop(task_id, None)):
            resolution, since_s = begun
            if status.state is TaskState.SUCCEEDED:
                self._counters.took(resolution, self._clock.monotonic() - since_s)
        return status

    async def download(self, source: PictureSource, to: Path) -> int:
        """See ImageProvider."""
        with self._counted("download"):
            return await self._provider.download(source, to)

    async def upload(self, picture: Path | bytes, *, content_type: str) -> str:
        """See ImageUploads."""
        with self._counted("upload"):
            return await self._provider.upload(picture, content_type=content_type)

    @contextmanager
    def _counted(self, call: str) -> Iterator[None]:
        try:
            yield
        except BotError as error:
            self._counters.failed(call, error.code)
            raise
