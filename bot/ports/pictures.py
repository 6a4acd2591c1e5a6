"""The outside world as the jobs need it: the hosted model, and picture files on our disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.domain.job import Reference, Request
from bot.domain.picture import PictureInfo, PictureSpec


class PictureText(Protocol):
    """A `data:` URI or base64 that is kept on disk because it is large; freed with its last reference."""

    def pieces(self) -> Iterator[str]:
        """The text in order, in pieces of bounded size; blocks on the disk. Raises ValueError where it is no text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """Where a finished picture is; exactly one of the three is set.

    `url` is an http(s) URL or a short `data:` URI, `base64` short base64, `text` either of the latter if it is long.
    """

    url: str | None = None
    base64: str | None = None
    text: PictureText | None = None

    @property
    def remote(self) -> bool:
        """Whether there is an address to fetch it from; otherwise the bytes are in here."""
        return self.url is not None and self.url[:5].lower() != "data:"


class TaskState(StrEnum):
    """What a poll says of a task."""

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
    """The answer to a poll. `source` is set exactly when succeeded; `error` and `error_code` may be "" when failed."""

    state: TaskState
    source: PictureSource | None = None
    progress: float | None = None
    error: str = ""
    error_code: str = ""
    content_refused: bool = False
    reported_cost: float | None = None
    effective_resolution: str = ""


class ImageProvider(Protocol):
    """The hosted model. Every method raises ProviderError; poll and download StoreError, download also PictureError."""

    async def submit(self, spec: PictureSpec, image_urls: Sequence[str] = ()) -> Submission:
        """Send one async submit. Never retried here: one call, at most one POST."""
        ...

    async def poll(self, task_id: str) -> TaskStatus:
        """Ask once how a task is doing."""
        ...

    async def download(self, source: PictureSource, to: Path) -> int:
        """Stream a finished picture into a file, at most 64 MB; returns the size in bytes."""
        ...


class ImageUploads(Protocol):
    """The provider's own store for reference pictures."""

    async def upload(self, picture: Path | bytes, *, content_type: str) -> str:
        """Upload a reference of at most 20 MB; returns its http(s) address, or raises ProviderError."""
        ...


class ReferenceFiles(Protocol):
    """Copies of reference pictures on our disk."""

    def path_of(self, file_name: str) -> Path:
        """Where a copied reference of this file name lies."""
        ...

    def is_as_posted(self, file_name: str) -> bool:
        """Whether a copy of this name is, byte for byte, what stands at its address."""
        ...

    async def copy(self, request_id: int, reference: Reference) -> Reference:
        """Copy, check and clean one reference; raises BadReferenceError, or ProviderError or StoreError."""
        ...

    async def remove(self, request_id: int) -> None:
        """Delete a request's copies; there may be none."""
        ...

    async def requests_on_disk(self) -> list[int]:
        """The requests of which there are files."""
        ...


class PictureFiles(Protocol):
    """The spool: finished pictures on our disk. Blocking work happens off the event loop."""

    def incoming(self, job_id: int) -> Path:
        """Where a download for this job is written before it is verified."""
        ...

    async def admit(self, job_id: int) -> tuple[Path, PictureInfo]:
        """Verify the incoming file and move it, durably, to its final name; raises PictureError."""
        ...

    async def find(self, job_id: int) -> tuple[Path, PictureInfo] | None:
        """The admitted picture of a job, if it is on our disk and still whole."""
        ...

    async def remove(self, job_id: int) -> None:
        """Delete every file of a job; there may be none."""
        ...

    async def retire(self, job_id: int) -> None:
        """Delete every file of a job but its thumbnail."""
        ...

    async def thumbnail(self, job_id: int) -> Path | None:
        """A small version (WebP, at most 256 px wide and high) of a job's picture; it outlives the picture's file."""
        ...

    async def remove_thumbnail(self, job_id: int) -> None:
        """Delete a job's thumbnail; there may be none."""
        ...

    async def jobs_on_disk(self) -> list[int]:
        """The jobs of which there are files other than thumbnails."""
        ...

    def path_of(self, file_name: str) -> Path:
        """Where an admitted picture of this file name lies."""
        ...


class SheetMaker(Protocol):
    """Draws the references of a request as one small picture."""

    async def of(self, request: Request) -> bytes | None:
        """A WebP file; None while the references are not on our disk, or not any more. Works off the event loop."""
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
    """Makes picture files small enough to be posted."""

    async def fit(self, path: Path, limit_bytes: int, *, rung: int = 0) -> Fitted | None:
        """Go down from a rung (0: the original) until the file fits; None below the last. Works off the event loop."""
        ...
