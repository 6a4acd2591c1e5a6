"""Requests and jobs: one command makes one request (one message) of one to four jobs (pictures)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.errors import Cost
from bot.domain.picture import PictureInfo, PictureSpec


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    """Accepted: the row exists and its credits are reserved."""
    SUBMITTING = "submitting"
    """Written before the POST; found at start-up, it means that the POST's outcome is unknown."""
    UNCERTAIN = "uncertain"
    """The POST may have been carried out. Never submitted again by itself; the member decides."""
    RUNNING = "running"
    """The provider works on it, and it is charged; its task id is recorded unless the answer was the picture."""
    FETCHED = "fetched"
    """The picture is on our disk, verified."""
    DELIVERED = "delivered"
    """The message shows the picture."""
    READY = "ready"
    """The picture could not be posted anywhere; it is kept and handed over on request."""
    FAILED = "failed"
    """It ended without a picture, for a recorded reason."""
    CANCELLED = "cancelled"
    """The member took it back before it was submitted, or gave up an uncertain one."""


class Wiped(StrEnum):
    """Whether a request's words are gone: prompt, style and references, and its files with them."""

    NO = ""
    AT_WISH = "wish"
    """Its member had everything deleted."""
    IN_TIME = "age"
    """It is older than its server, or the installation, keeps such things."""


TRANSITIONS: Final[Mapping[JobState, frozenset[JobState]]] = {
    # A backup does not know whether what waits in it has been sent since.
    JobState.QUEUED: frozenset({JobState.SUBMITTING, JobState.UNCERTAIN, JobState.CANCELLED, JobState.FAILED}),
    JobState.SUBMITTING: frozenset({JobState.QUEUED, JobState.RUNNING, JobState.UNCERTAIN, JobState.FAILED}),
    JobState.UNCERTAIN: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.FETCHED, JobState.FAILED}),
    # A picture whose file was lost is asked for again.
    JobState.FETCHED: frozenset({JobState.DELIVERED, JobState.READY, JobState.RUNNING}),
    JobState.READY: frozenset({JobState.DELIVERED}),
    JobState.DELIVERED: frozenset(),
    JobState.FAILED: frozenset(),
    # A POST's answer that comes after the member gave the job up still brings a paid picture.
    JobState.CANCELLED: frozenset({JobState.RUNNING}),
}
WAITING: Final = frozenset({JobState.QUEUED})
"""Nothing has been sent yet."""
AT_WORK: Final = frozenset({JobState.SUBMITTING, JobState.RUNNING})
"""These fill a member's and the installation's running slots."""
SETTLED: Final = frozenset({JobState.DELIVERED, JobState.READY, JobState.FAILED, JobState.CANCELLED})
"""Nothing more happens by itself. An uncertain job is not settled: its member has a decision to make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who asked, and where: Discord's snowflakes. `guild_id` is None in direct messages.

    `form_id` is the interaction that opened the form which was sent; a form may be sent again, as another interaction.

    Where the bot is not `bot_present`, only a member brought it along: it can answer them there, and no more.
    The last three are what a server's rules and quotas look at; of them, `role_ids` alone are stored. `channel_ids` are
    the channel, the channel that a thread belongs to, and the category, as far as Discord told them.
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
    """Who looks at a picture, and in which channel: Discord's snowflakes, as Discord tells them with each press."""

    user_id: int
    channel_id: int


FIRST_FRAME: Final = "first frame of the animation"
"""The note of a reference that was an animation."""
SMALLER_ITSELF: Final = "the picture before it"
"""The name of a reference that is the same picture at a lower resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReference:
    """A reference picture as a member named it. `url` is Discord's own and expires, when is not published.

    `file_name` is set where its bytes are on our disk already: with a `url` among the copied references, without one
    (a picture that this bot made) in the spool.
    """

    url: str
    name: str
    file_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A stored reference picture; the fields of its file are None until its bytes are here.

    `note` says what was done to it ("first frame of the animation"), or is "".
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
    """A checked command, ready to be accepted. `price_microcredits` is for each of its `count` jobs.

    A request with `references` waits until their bytes are on our disk. `parent_job_id` is the picture it came from.
    A request `apart` gets a message of its own: the answer to its interaction is another one.
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
    every change of the request's jobs. A deleted request's message is gone for good; its rows stay. `apart` says that
    what the token's interaction was answered with is another message. A `wiped` one has an empty prompt.
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
        """Whether nobody has seen a message of it yet, though no answer to an interaction is on its way."""
        return self.apart and self.message_id is None and not self.message_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One picture. Times are UTC; those not reached yet are None. `cost` is what a failure cost.

    `withdrawn_at` is when its member cancelled it while it was being made: it is fetched, but not posted.
    `reported_cost` and `effective_resolution` are what the provider says it charged and made; None and "" if nothing.
    `result_url` is set only where the submit call itself answered with the picture's address.
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
"""The reason of a gate that its owner has shut: nothing probes it, and only its owner opens it."""
DISK: Final = "disk"
"""The reason of a gate that is shut because a picture might not be kept: it opens as soon as there is room."""
_SET_BACK_S: Final = 1.0
"""A probe may be so much further off than its wait, by rounding; what is more was written by another clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether jobs may be submitted: not while the provider's answers, its owner or a full disk keep it shut.

    `reason` is the error code that closed it, `probe_at` the next try, `told` whether its owners know that it closed;
    `full_since` is when the disk became too full, `full_told` whether they know of that.
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
        """Whether nothing is submitted, for whatever reason."""
        return self.closed or self.held_back

    @property
    def held_back(self) -> bool:
        """Whether not even a probe is submitted."""
        return self.paused_at is not None or self.full_since is not None

    @property
    def why(self) -> str:
        """`paused`, `disk`, or the error code; "" where it is open."""
        if self.paused_at is not None:
            return PAUSED
        return self.reason if self.full_since is None else DISK

    @property
    def shut_since(self) -> datetime | None:
        """Since when nothing has been submitted for that reason."""
        return self.paused_at or self.full_since or self.since

    def probe_due(self, now: datetime) -> bool:
        """Whether it is time for the next try. If it is further off than its whole wait, the clock was set back."""
        if self.probe_at is None:
            return False
        left_s = (self.probe_at - now).total_seconds()
        return left_s <= 0 or left_s > self.backoff_s + _SET_BACK_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """Everything that a card is rendered from: the rows, each waiting job's place in line (1 is next), and the gate."""

    request: Request
    jobs: tuple[Job, ...]
    places: Mapping[int, int]
    gate: Gate
