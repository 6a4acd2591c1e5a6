"""The edges that jobs depend on: the image provider, and picture files on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.domain.job import Reference, Request
from bot.domain.picture import PictureInfo, PictureSpec


class PictureText(Protocol):
    """A `data:` URI or base64 text kept on disk because it is large; freed with its last reference."""

    def pieces(self) -> Iterator[str]:
        """The text in order, in pieces of bounded size; blocks on the disk. Raises ValueError if it is not text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """Where a finished picture is; exactly one of the three is set.

    `url` is an http(s) URL or a short `data:` URI, `base64` is short base64, `text` is a long form of either.
    """

    url: str | None = None
    base64: str | None = None
    text: PictureText | None = None

    @property
    def remote(self) -> bool:
        """Whether there is a URL to fetch it from; otherwise the bytes are included here."""
        return self.url is not None and self.url[:5].lower() != "data:"


class TaskState(StrEnum):
    """The state of a task as a poll reports it."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The answer to a submit or generate call: a task to poll, or already the picture; exactly one of the two is set.

    `reported_cost` is what the provider says it charged, in its own unit, or None; `effective_resolution` is what it
    says it makes, and like `request_id` may be "".
    """

    task_id: str | None = None
    source: PictureSource | None = None
    request_id: str = ""
    reported_cost: float | None = None
    effective_resolution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """The answer to a poll. `source` is set exactly on success; `error` and `error_code` may be "" on failure."""

    state: TaskState
    source: PictureSource | None = None
    progress: float | None = None
    error: str = ""
    error_code: str = ""
    content_refused: bool = False
    reported_cost: float | None = None
    effective_resolution: str = ""


class ImageProvider(Protocol):
    """The hosted model. Every method raises ProviderError.

    `poll` and `download` also StoreError, `download` PictureError.
    """

    async def submit(self, spec: PictureSpec, image_urls: Sequence[str] = ()) -> Submission:
        """Send one asynchronous submit. Never retried here: one call, at most one POST."""
        ...

    async def poll(self, task_id: str) -> TaskStatus:
        """Ask once for the state of a task."""
        ...

    async def download(self, source: PictureSource, to: Path) -> int:
        """Stream a finished picture into a file, at most 64 MB; returns the size in bytes."""
        ...


class ImageUploads(Protocol):
    """The provider's storage for reference pictures."""

    async def upload(self, picture: Path | bytes, *, content_type: str) -> str:
        """Upload a reference of at most 20 MB; returns its http(s) address, or raises ProviderError."""
        ...


class ReferenceFiles(Protocol):
    """Copies of reference pictures on our disk."""

    def path_of(self, file_name: str) -> Path:
        """The path of a copied reference with this file name."""
        ...

    def is_as_posted(self, file_name: str) -> bool:
        """Whether a copy with this name is byte for byte identical to what its URL serves."""
        ...

    async def copy(self, request_id: int, reference: Reference) -> Reference:
        """Copy, check and clean one reference; raises BadReferenceError, ProviderError or StoreError."""
        ...

    async def remove(self, request_id: int) -> None:
        """Delete a request's copies; there may be none."""
        ...

    async def requests_on_disk(self) -> list[int]:
        """The ids of requests that have files on disk."""
        ...


class PictureFiles(Protocol):
    """The spool: finished pictures on disk. Blocking work happens off the event loop."""

    def incoming(self, job_id: int) -> Path:
        """The path to which a download for this job is written before it is verified."""
        ...

    async def admit(self, job_id: int) -> tuple[Path, PictureInfo]:
        """Verify the incoming file and move it durably to its final name; raises PictureError."""
        ...

    async def find(self, job_id: int) -> tuple[Path, PictureInfo] | None:
        """The admitted picture of a job, if it is on disk and complete."""
        ...

    async def remove(self, job_id: int) -> None:
        """Delete every file of a job; there may be none."""
        ...

    async def retire(self, job_id: int) -> None:
        """Delete every file of a job except its thumbnail."""
        ...

    async def thumbnail(self, job_id: int) -> Path | None:
        """A small version of a job's picture (WebP, at most 256 px wide and high); it outlives the picture's file."""
        ...

    async def remove_thumbnail(self, job_id: int) -> None:
        """Delete a job's thumbnail; there may be none."""
        ...

    async def jobs_on_disk(self) -> list[int]:
        """The ids of jobs that have files other than thumbnails."""
        ...

    def path_of(self, file_name: str) -> Path:
        """The path of an admitted picture with this file name."""
        ...


class SheetMaker(Protocol):
    """Renders a request's references as one contact sheet."""

    async def of(self, request: Request) -> bytes | None:
        """A WebP file; None if the references are not, or no longer, on disk. Works off the event loop."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A picture file that fits an upload limit, and the rung it was found on. `shrunk` says what was done, or ""."""

    path: Path
    extension: str
    size_bytes: int
    rung: int = 0
    shrunk: str = ""


class PictureFitter(Protocol):
    """Makes picture files small enough to be uploaded."""

    async def fit(self, path: Path, limit_bytes: int, *, rung: int = 0) -> Fitted | None:
        """Try smaller versions from a rung on (0: the original) until one fits; None if none does.

        Works off the event loop.
        """
        ...
