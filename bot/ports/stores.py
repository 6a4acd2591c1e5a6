"""Storage of requests, jobs, the gate and usage totals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from bot.domain.audit import NewAuditEntry
from bot.domain.errors import BotError, Cost, ProviderError
from bot.domain.job import Gate, Job, JobState, NewRequest, Reference, RequestView, Viewer
from bot.domain.order import TokenLease
from bot.domain.picture import PictureInfo, Resolution
from bot.ports.pictures import Submission, TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPicture:
    """A picture in a message: its attachment's id, if Discord returned it, its file name, and how it was shrunk."""

    attachment_id: int | None
    file_name: str
    shrunk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a request's message shows after an edit or a new post: its rows as of `version`.

    `by` is how it may be edited: `interaction`, `bot` or `dm`; "" means that the rows were checked and what is shown,
    and where, is unchanged. `pictures` are by job id. `private` is whether the request was private when it was shown.
    """

    digest: str
    version: int
    edited: bool
    by: str
    message_id: int | None = None
    channel_id: int | None = None
    pictures: Mapping[int, ShownPicture] = field(default_factory=dict)
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message that shows a request's pictures in addition to the request's own message."""

    message_id: int
    channel_id: int


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


class RequestStore(Protocol):
    """Requests and what their messages show. Every method may raise StoreError."""

    async def accept(self, new: NewRequest, *, not_before: datetime | None = None) -> int:
        """Store a request with its jobs and reserves in one transaction; returns its id, or raises Refusal.

        Also raises Refusal if its form was already sent by another interaction.

        With `not_before`, its jobs wait until then, or until HeldRequests records that their member is answered.
        """
        ...

    async def view(self, request_id: int) -> RequestView:
        """Everything that a request's card is rendered from."""
        ...

    async def request_of_message(self, message_id: int, interaction_id: int | None) -> int | None:
        """The request that a message shows, found by the message's id or by the interaction that it answers."""
        ...

    async def sent_with(self, form_id: int, user_id: int) -> int | None:
        """The first job created by a member's form; None if it was not sent yet, or all its jobs were cancelled."""
        ...

    async def note_shown(self, request_id: int, shown: Shown) -> None:
        """Record what the message shows; the pictures in it become delivered.

        If the request became private meanwhile, the message is recorded for removal and nothing is delivered.
        """
        ...

    async def copies(self, request_id: int) -> list[Copy]:
        """The messages that show a request's pictures in addition to its own, oldest first."""
        ...

    async def requests_behind(self) -> list[int]:
        """The requests whose message doesn't show their current rows yet."""
        ...

    async def references_arrived(self, request_id: int, found: Sequence[Reference]) -> None:
        """Record that a request's references are on disk, so that its jobs may be queued."""
        ...

    async def finished_references(self, before: datetime, *, most: int) -> list[int]:
        """Settled requests made before a moment whose references are still on disk."""
        ...

    async def references_removed(self, request_ids: Sequence[int]) -> None:
        """Record that these requests' references are no longer on disk."""
        ...

    async def awaiting_references(self) -> list[int]:
        """The requests that still wait for their references, oldest first."""
        ...

    async def delete(self, request_id: int, by_user_id: int) -> bool:
        """Mark a request as deleted so that its message is removed; False if it is not settled, or already deleted."""
        ...

    async def remove(self, request_id: int, entry: NewAuditEntry) -> bool:
        """Delete a request in any state, audited; waiting jobs are cancelled. False if it was already deleted."""
        ...

    async def renew_token(self, request_id: int, lease: TokenLease) -> None:
        """Use the token of a later interaction with the request's message; one on another message changes nothing."""
        ...

    async def waiting_requests(self) -> list[int]:
        """The requests that have a queued job."""
        ...

    async def wipe_token(self, request_id: int) -> None:
        """Delete one request's interaction token."""
        ...

    async def wipe_expired_tokens(self) -> int:
        """Delete every expired interaction token; returns how many."""
        ...


class JobStore(Protocol):
    """Transitions of jobs. A step returns None if the job is no longer in the expected state."""

    async def job(self, job_id: int) -> Job:
        """One job that must exist."""
        ...

    async def find(self, job_id: int, *, of_member: int | None = None) -> Job | None:
        """One job; None if there is none or it belongs to another member."""
        ...

    async def find_within_reach(self, job_id: int, viewer: Viewer) -> Job | None:
        """One job that is the viewer's own, or public and shown in the viewer's channel; otherwise None."""
        ...

    async def adopt(self, owner: str) -> list[Job]:
        """Take ownership, at start-up, of the jobs that an earlier process left in progress."""
        ...

    async def admit(self, owner: str, *, most: int) -> list[Job]:
        """Claim the jobs that are next in the fair queue."""
        ...

    async def waiting(self) -> int:
        """How many jobs are queued."""
        ...

    async def next_not_before(self, after: datetime) -> datetime | None:
        """The next moment after a given one at which a delayed job may be retried."""
        ...

    async def unclaim(self, job_id: int, owner: str) -> None:
        """Return a claimed job to its place in the queue, unchanged."""
        ...

    async def begin_submit(self, job_id: int, owner: str) -> Job | None:
        """Record that the POST is about to be sent."""
        ...

    async def submitted(self, job_id: int, owner: str, submission: Submission, eta_at: datetime | None) -> Job | None:
        """Record the POST's answer and the charge."""
        ...

    async def back_to_queue(
        self, job_id: int, owner: str, error: ProviderError, not_before: datetime | None
    ) -> Job | None:
        """Return the job to the queue; a BalanceError is recorded in the same transaction."""
        ...

    async def uncertain(self, job_id: int, error: BotError) -> Job | None:
        """Stop a job whose POST has an unknown outcome."""
        ...

    async def step_failed(self, job_id: int, what: str) -> int:
        """Record an unexpected error in a job's step; returns how many this job has had."""
        ...

    async def failed(self, job_id: int, error: BotError, cost: Cost) -> Job | None:
        """Fail a job without a picture and settle its credits."""
        ...

    async def fetched(
        self, job_id: int, file_name: str, picture: PictureInfo, status: TaskStatus | None = None
    ) -> Job | None:
        """Record that the picture is on disk; for a withdrawn job it is kept as `ready` and not posted.

        `status` is the provider's last answer, if any; its figures are stored with ours.
        """
        ...

    async def picture_lost(self, job_id: int) -> Job | None:
        """Return a fetched job whose picture is missing from disk to polling."""
        ...

    async def ready(self, job_id: int, reason: str) -> Job | None:
        """Keep a picture that could not be posted anywhere."""
        ...

    async def cancelled(self, job_id: int) -> Job | None:
        """Cancel a waiting job, or give up an uncertain one."""
        ...

    async def withdrawn(self, job_id: int) -> Job | None:
        """Record that the member cancelled a running job: its picture will not be posted."""
        ...

    async def retry(self, job_id: int, *, role_ids: Collection[int] | None = None) -> Job | None:
        """Replace an uncertain job with a new one, checked like any order; raises Refusal.

        `role_ids` are the member's current roles; None uses those stored with the order.
        """
        ...

    async def unneeded_files(self, request_id: int) -> list[int]:
        """The jobs of a request whose delivered picture is not referenced by any order still to be submitted."""
        ...

    async def finished_files(self, before: datetime, *, most: int) -> list[int]:
        """Jobs settled before a moment whose picture may be deleted from disk, oldest first."""
        ...

    async def files_removed(self, job_ids: Sequence[int]) -> None:
        """Record that these jobs' pictures are no longer on disk."""
        ...

    async def recent_durations(self, resolution: Resolution, limit: int) -> list[float]:
        """Seconds from submit to picture of the latest pictures of a resolution, oldest first."""
        ...


class GateStore(Protocol):
    """The single row that says whether jobs may be submitted."""

    async def gate(self) -> Gate:
        """The gate's current state."""
        ...

    async def close_gate(self, reason: str, *, probe_at: datetime, backoff_s: float) -> bool:
        """Close the gate, or postpone its next probe; returns whether this call closed it."""
        ...

    async def open_gate(self) -> bool:
        """Open the gate; returns whether it was closed. A pause is unaffected."""
        ...

    async def note_told(self) -> None:
        """Record that the owners were notified that it is closed."""
        ...

    async def pause(self) -> bool:
        """Pause submission at the owner's request, whatever the provider answers; returns whether it was running."""
        ...

    async def unpause(self) -> bool:
        """End a pause; returns whether it was paused."""
        ...

    async def note_room(self, full_since: datetime | None, *, told: bool) -> None:
        """Record since when the disk has been too full (None: it isn't), and whether the owners were notified."""
        ...


class UsageStats(Protocol):
    """Totals for moderators and the owner."""

    async def usage(self, since: date | None) -> Sequence[UsageRow]:
        """The daily totals from a day on, oldest first."""
        ...

    async def states(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state."""
        ...
