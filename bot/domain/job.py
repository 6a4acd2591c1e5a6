"""Requests and jobs: one command creates one request (one message) of one to four jobs (pictures)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.errors import Cost
from bot.domain.picture import PictureInfo, PictureSpec


class JobState(StrEnum):
    """The states of a job."""

    QUEUED = "queued"
    """Accepted: the row exists and its credits are reserved."""
    SUBMITTING = "submitting"
    """Written before the POST; if found at start-up, the POST's outcome is unknown."""
    UNCERTAIN = "uncertain"
    """The POST may have been carried out. Never submitted again automatically; the member decides."""
    RUNNING = "running"
    """The provider is working on it, and it is charged; its task id is recorded unless the answer was the picture."""
    FETCHED = "fetched"
    """The picture is on disk, verified."""
    DELIVERED = "delivered"
    """The message shows the picture."""
    READY = "ready"
    """The picture could not be posted; it is kept until the member collects it."""
    FAILED = "failed"
    """Failed without a picture, for a recorded reason."""
    CANCELLED = "cancelled"
    """The member cancelled it before it was submitted, or gave up an uncertain one."""


class Wiped(StrEnum):
    """Whether and why a request's prompt, style, references and files were deleted."""

    NO = ""
    AT_WISH = "wish"
    """Its member deleted everything."""
    IN_TIME = "age"
    """It is older than the retention of its server or of the installation."""


TRANSITIONS: Final[Mapping[JobState, frozenset[JobState]]] = {
    # A restored backup doesn't know whether its queued jobs were submitted since.
    JobState.QUEUED: frozenset({JobState.SUBMITTING, JobState.UNCERTAIN, JobState.CANCELLED, JobState.FAILED}),
    JobState.SUBMITTING: frozenset({JobState.QUEUED, JobState.RUNNING, JobState.UNCERTAIN, JobState.FAILED}),
    JobState.UNCERTAIN: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.FETCHED, JobState.FAILED}),
    # A picture whose file was lost is polled for again.
    JobState.FETCHED: frozenset({JobState.DELIVERED, JobState.READY, JobState.RUNNING}),
    JobState.READY: frozenset({JobState.DELIVERED}),
    JobState.DELIVERED: frozenset(),
    JobState.FAILED: frozenset(),
    # An answer to the POST that arrives after the member gave the job up still brings a paid picture.
    JobState.CANCELLED: frozenset({JobState.RUNNING}),
}
WAITING: Final = frozenset({JobState.QUEUED})
"""Nothing has been sent yet."""
AT_WORK: Final = frozenset({JobState.SUBMITTING, JobState.RUNNING})
"""States that occupy the member's and the installation's slots."""
SETTLED: Final = frozenset({JobState.DELIVERED, JobState.READY, JobState.FAILED, JobState.CANCELLED})
"""Final states. An uncertain job isn't settled: its member still has to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who ordered, and where: Discord's ids. `guild_id` is None in direct messages.

    `form_id` is the interaction that opened the submitted modal; a modal may be submitted again, as another
    interaction.

    If `bot_present` is false, the app is only user-installed there: the bot can answer that member and nothing more.
    The last three are what a server's rules and quotas check; of them, only `role_ids` is stored. `channel_ids` are the
    channel, a thread's parent channel and the category, as far as Discord sent them.
    """

    interaction_id: int
    application_id: int
    user_id: int
    guild_id: int | None
    channel_id: int
    locale: str
    bot_present: bool = True
    form_id: int | None = None
    role_ids: tuple[int, ...] = ()
    channel_ids: tuple[int, ...] = ()
    age_restricted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who views a picture, and in which channel: Discord's ids, as sent with each interaction."""

    user_id: int
    channel_id: int


FIRST_FRAME: Final = "first frame of the animation"
"""The note of a reference that was an animation."""
SMALLER_ITSELF: Final = "the picture before it"
"""The name of a reference that is the same picture at a lower resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReference:
    """A reference picture as the member named it. `url` is Discord's own and expires after an undocumented time.

    `file_name` is set if its bytes are already on disk: with a `url` among the copied references, without one (a
    picture that this bot made) in the spool.
    """

    url: str
    name: str
    file_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A stored reference picture; the fields of its file are None until the bytes are on disk.

    `note` says how it was changed ("first frame of the animation"), or is "".
    """

    position: int
    url: str
    name: str
    file_name: str | None = None
    content_type: str | None = None
    size_bytes: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A validated command, ready to be accepted. `price_microcredits` is per job, `count` the number of jobs.

    A request with `references` waits until their bytes are on disk. `parent_job_id` is the picture that it derives
    from. A request with `apart` gets a new message instead of the response to its interaction.
    """

    kind: str
    origin: Origin
    spec: PictureSpec
    private: bool
    count: int
    price_microcredits: int
    token: str
    token_expires_at: datetime
    upload_limit_bytes: int
    references: tuple[NewReference, ...] = ()
    parent_job_id: int | None = None
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A stored command and the message that shows it.

    `token` is the interaction's, wiped after `token_expires_at`. `message_id` is None until the message is known to
    exist. `shown` is a digest of what the message shows; `edits` counts how often it was edited; `version` grows with
    every change of the request's jobs. A deleted request's message is removed permanently; its rows stay. `apart` says
    that the response to the token's interaction is another message. A `wiped` request has an empty prompt.
    """

    id: int
    kind: str
    origin: Origin
    spec: PictureSpec
    private: bool
    token: str | None
    token_expires_at: datetime | None
    channel_id: int
    message_id: int | None
    message_by: str
    shown: str
    edits: int
    version: int
    upload_limit_bytes: int
    created_at: datetime
    references: tuple[Reference, ...] = ()
    parent_job_id: int | None = None
    deleted_at: datetime | None = None
    apart: bool = False
    wiped: Wiped = Wiped.NO

    @property
    def unseen(self) -> bool:
        """Whether the request has no message yet and no interaction response for it is pending."""
        return self.apart and self.message_id is None and not self.message_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One picture. Times are UTC; those not reached yet are None. `cost` is what a failure cost.

    `withdrawn_at` is when its member cancelled it while it was running: it is fetched, but not posted. `reported_cost`
    and `effective_resolution` are what the provider says it charged and made; None and "" if unknown. `result_url` is
    set only if the submit call itself returned the picture's URL.
    """

    id: int
    request_id: int
    position: int
    state: JobState
    user_id: int
    guild_id: int | None
    price_microcredits: int
    owner: str | None
    not_before: datetime | None
    tries: int
    task_id: str | None
    result_url: str | None
    created_at: datetime
    submitted_at: datetime | None
    eta_at: datetime | None
    fetched_at: datetime | None
    finished_at: datetime | None
    picture_file: str | None
    picture: PictureInfo | None
    shown_as: str
    attachment_id: int | None
    attachment_name: str
    error_code: str
    error_text: str
    cost: Cost
    retried_by: int | None
    reported_cost: float | None
    effective_resolution: str = ""
    withdrawn_at: datetime | None = None


PAUSED: Final = "paused"
"""The reason of a gate closed by its owner's pause: no probes are sent, and only its owner opens it."""
DISK: Final = "disk"
"""The reason of a gate closed because a picture might not fit on disk: it opens as soon as there is space."""
_SET_BACK_S: Final = 1.0
"""Rounding tolerance: a probe further off than its wait plus this was scheduled by a different clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether jobs may be submitted; closed by the provider's answers, by its owner, or by a full disk.

    `reason` is the error code that closed it, `probe_at` the next probe, `told` whether the owners were notified;
    `full_since` is when the disk became too full, `full_told` whether the owners were notified of that.
    """

    closed: bool
    reason: str = ""
    since: datetime | None = None
    probe_at: datetime | None = None
    backoff_s: float = 0.0
    told: bool = False
    paused_at: datetime | None = None
    full_since: datetime | None = None
    full_told: bool = False

    @property
    def shut(self) -> bool:
        """Whether nothing is submitted, for any reason."""
        return self.closed or self.held_back

    @property
    def held_back(self) -> bool:
        """Whether even probes are suspended."""
        return self.paused_at is not None or self.full_since is not None

    @property
    def why(self) -> str:
        """`paused`, `disk`, or the error code; "" if open."""
        if self.paused_at is not None:
            return PAUSED
        return self.reason if self.full_since is None else DISK

    @property
    def shut_since(self) -> datetime | None:
        """Since when nothing has been submitted for that reason."""
        return self.paused_at or self.full_since or self.since

    def probe_due(self, now: datetime) -> bool:
        """Whether the next probe is due. If it is further off than its whole wait, the clock was set back."""
        if self.probe_at is None:
            return False
        left_s = (self.probe_at - now).total_seconds()
        return left_s <= 0 or left_s > self.backoff_s + _SET_BACK_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """What a card is rendered from: the rows, each waiting job's place in the queue (1 is next), and the gate."""

    request: Request
    jobs: tuple[Job, ...]
    places: Mapping[int, int]
    gate: Gate
