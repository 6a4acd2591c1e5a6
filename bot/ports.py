"""What the services need from the outside, as Protocols; `app.py` chooses the implementations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.domain.errors import BotError, Cost, ProviderError
from bot.domain.job import Gate, Job, JobState, NewRequest, RequestView
from bot.domain.picture import PictureInfo, PictureSpec, Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """Where a finished picture is: an http(s) URL, a `data:` URI, or bare base64; exactly one of the two is set."""

    url: str | None = None
    base64: str | None = None

    @property
    def remote(self) -> bool:
        """Whether there is an address to fetch it from; otherwise the bytes are in here."""
        return self.url is not None and not self.url.startswith("data:")


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
    """The hosted model. Every method raises only ProviderError; download also PictureError, and StoreError (disk)."""

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

    async def find(self, job_id: int) -> tuple[Path, PictureInfo] | None:
        """The admitted picture of a job, if it is on our disk and still whole."""
        ...

    def path_of(self, file_name: str) -> Path:
        """Where an admitted picture of this file name lies."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPicture:
    """A picture in a message: its attachment's id, if Discord told it, and file name, and what was shrunk."""

    attachment_id: int | None
    file_name: str
    shrunk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a request's message shows after an edit or a new post: its rows as they were at `version`.

    `by` is how it may be edited: `interaction`, `bot` or `dm`, or "" without a message; `pictures` are by job id.
    """

    digest: str
    version: int
    edited: bool
    by: str
    message_id: int | None = None
    channel_id: int | None = None
    pictures: Mapping[int, ShownPicture] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """One day's totals of a member and resolution in a server (0: none); money in micro-credits."""

    day: date
    guild_id: int
    user_id: int
    resolution: str
    requested: int
    delivered: int
    failed: int
    cancelled: int
    uncertain: int
    balance_errors: int
    spent_microcredits: int
    possible_microcredits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLease:
    """An interaction's token and when it ends."""

    token: str
    expires_at: datetime


class RequestStore(Protocol):
    """Requests and what their messages show. Every method may raise StoreError."""

    async def accept(self, new: NewRequest, *, not_before: datetime | None = None) -> int:
        """Store a request with its jobs and reserves in one transaction; returns its id, or raises Refusal.

        With `not_before` its jobs wait until then, or until the message is noted as shown.
        """
        ...

    async def view(self, request_id: int) -> RequestView:
        """Everything that a request's card is rendered from."""
        ...

    async def note_shown(self, request_id: int, shown: Shown) -> None:
        """Record what the message shows; pictures that it shows are delivered by that."""
        ...

    async def requests_behind(self) -> list[int]:
        """The requests whose message does not show their rows yet."""
        ...

    async def renew_token(self, request_id: int, token: str, expires_at: datetime) -> None:
        """Use the token of a later interaction with the request's message."""
        ...

    async def waiting_requests(self) -> list[int]:
        """The requests that have a job waiting for its turn."""
        ...

    async def wipe_token(self, request_id: int) -> None:
        """Forget one request's interaction token."""
        ...

    async def wipe_expired_tokens(self) -> int:
        """Forget every interaction token that has expired; returns how many."""
        ...


class JobStore(Protocol):
    """The life of jobs. A step returns None where the job is not in the expected state any more."""

    async def job(self, job_id: int) -> Job:
        """One job that is known to exist."""
        ...

    async def find(self, job_id: int) -> Job | None:
        """One job, or None."""
        ...

    async def adopt(self, owner: str) -> list[Job]:
        """Take over, at start-up, the jobs that an earlier process left at work."""
        ...

    async def admit(self, owner: str, *, most: int) -> list[Job]:
        """Call up the jobs whose turn it is."""
        ...

    async def waiting(self) -> int:
        """How many jobs wait for their turn."""
        ...

    async def next_not_before(self, after: datetime) -> datetime | None:
        """The first moment after another at which a job that must wait for it may be tried again."""
        ...

    async def unclaim(self, job_id: int, owner: str) -> None:
        """Put a job that was called up back in its place, untouched."""
        ...

    async def begin_submit(self, job_id: int, owner: str) -> Job | None:
        """Write down that the POST is about to be sent."""
        ...

    async def submitted(self, job_id: int, owner: str, submission: Submission, eta_at: datetime | None) -> Job | None:
        """Record the POST's answer and the charge."""
        ...

    async def back_to_queue(
        self, job_id: int, owner: str, error: ProviderError, not_before: datetime | None
    ) -> Job | None:
        """Give the job its place back; a BalanceError is recorded in the same transaction."""
        ...

    async def uncertain(self, job_id: int, error: BotError) -> Job | None:
        """Stop a job whose POST may have been carried out."""
        ...

    async def failed(self, job_id: int, error: BotError, cost: Cost) -> Job | None:
        """End a job without a picture and settle its credits."""
        ...

    async def fetched(self, job_id: int, file_name: str, picture: PictureInfo) -> Job | None:
        """Record that the picture is on our disk."""
        ...

    async def ready(self, job_id: int, reason: str) -> Job | None:
        """Keep a picture that could not be posted anywhere."""
        ...

    async def cancelled(self, job_id: int) -> Job | None:
        """Take a waiting job back, or drop an uncertain one."""
        ...

    async def retry(self, job_id: int) -> Job | None:
        """Put a new job in the place of an uncertain one."""
        ...

    async def recent_durations(self, resolution: Resolution, limit: int) -> list[float]:
        """Seconds from submit to picture of the latest pictures of a resolution, oldest first."""
        ...


class GateStore(Protocol):
    """The one row that says whether jobs may be submitted."""

    async def gate(self) -> Gate:
        """The gate as it is."""
        ...

    async def close_gate(self, reason: str, *, probe_at: datetime, backoff_s: float) -> bool:
        """Close the gate, or put off its next probe; returns whether this call closed it."""
        ...

    async def open_gate(self) -> bool:
        """Open the gate; returns whether it was closed."""
        ...


class UsageStats(Protocol):
    """What moderators and the owner ask."""

    async def usage(self, since: date | None) -> Sequence[UsageRow]:
        """The daily totals from a day on, oldest first."""
        ...

    async def states(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state."""
        ...


class Presenter(Protocol):
    """Shows a request's rows on its message, some time soon; calling it often costs nothing."""

    def refresh(self, request_ids: Iterable[int]) -> None:
        """Ask that these requests' messages be brought up to date."""
        ...


class OwnerAlerts(Protocol):
    """Tells the people who run the bot."""

    async def tell(self, text: str) -> None:
        """Send a direct message to each owner; a failure is logged, never raised."""
        ...
