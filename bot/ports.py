"""What the services need from the outside, as Protocols; `app.py` chooses the implementations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.domain.picture import PictureInfo, PictureSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """Where a finished picture is: an http(s) URL, a `data:` URI, or bare base64; exactly one of the two is set."""

    url: str | None = None
    base64: str | None = None


class TaskState(StrEnum):
    """What a poll says of a task."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The answer to a submit or generate call: a task to poll, or already the picture; exactly one of the two is set.

    `reported_cost` is what the provider says it charged, in its own unit, or None; `request_id` may be "".
    """

    task_id: str | None = None
    source: PictureSource | None = None
    request_id: str = ""
    reported_cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """The answer to a poll. `source` is set exactly when succeeded; `error` and `error_code` may be "" when failed."""

    state: TaskState
    source: PictureSource | None = None
    progress: float | None = None
    error: str = ""
    error_code: str = ""
    content_refused: bool = False
    reported_cost: float | None = None


class ImageProvider(Protocol):
    """The hosted model. Every method raises only ProviderError (and PictureError from download)."""

    async def submit(self, spec: PictureSpec, image_urls: Sequence[str] = ()) -> Submission:
        """Send one async submit. Never retried here: one call, at most one POST."""
        ...

    async def poll(self, task_id: str) -> TaskStatus:
        """Ask once how a task is doing."""
        ...

    async def download(self, source: PictureSource, to: Path) -> int:
        """Stream a finished picture into a file, at most 64 MB; returns the size in bytes."""
        ...


class PictureFiles(Protocol):
    """The spool: finished pictures on our disk. Blocking work happens off the event loop."""

    def incoming(self, job_id: int) -> Path:
        """Where a download for this job is written before it is verified."""
        ...

    async def admit(self, job_id: int) -> tuple[Path, PictureInfo]:
        """Verify the incoming file and move it, durably, to its final name; raises PictureError."""
        ...
