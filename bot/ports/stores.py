"""What is remembered: requests, jobs, the gate, usage."""

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
    """A picture in a message: its attachment's id, if Discord told it, and file name, and what was shrunk."""

    attachment_id: int | None
    file_name: str
    shrunk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a request's message shows after an edit or a new post: its rows as they were at `version`.

    `by` is how it may be edited: `interaction`, `bot` or `dm`; with "" the rows were looked at, and what is shown, and
    where, stays as it was. `pictures` are by job id.
    `private` is what the request was when it was shown so.
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
    """A message that shows a request's pictures beside the request's own."""

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

        Also where its form was sent before, by another interaction.

        With `not_before` its jobs wait until then, or until HeldRequests notes that their member is answered.
        """
        ...

    async def view(self, request_id: int) -> RequestView:
        """Everything that a request's card is rendered from."""
        ...

    async def request_of_message(self, message_id: int, interaction_id: int | None) -> int | None:
        """The request that a message shows, found by its id or by the interaction that it answers."""
        ...

    async def sent_with(self, form_id: int, user_id: int) -> int | None:
        """The first job that a member's form has brought; None where it was not sent yet, or all was taken back."""
        ...

    async def note_shown(self, request_id: int, shown: Shown) -> None:
        """Record what the message shows; pictures that it shows are delivered by that.

        Where the request became private meanwhile, that message is one to be removed, and nothing is delivered.
        """
        ...

    async def copies(self, request_id: int) -> list[Copy]:
        """The messages that show a request's pictures beside its own, oldest first."""
        ...

    async def requests_behind(self) -> list[int]:
        """The requests whose message does not show their rows yet."""
        ...

    async def references_arrived(self, request_id: int, found: Sequence[Reference]) -> None:
        """Record that a request's references are on our disk, and let its jobs take their turns."""
        ...

    async def finished_references(self, before: datetime, *, most: int) -> list[int]:
        """The requests made before a moment, and settled, whose references are still on our disk."""
        ...

    async def references_removed(self, request_ids: Sequence[int]) -> None:
        """Note that these requests' references are not on our disk any more."""
        ...

    async def awaiting_references(self) -> list[int]:
        """The requests that still wait for their references, oldest first."""
        ...

    async def delete(self, request_id: int, by_user_id: int) -> bool:
        """Mark a request as deleted, so that its message is removed; False where it is not settled, or gone already."""
        ...

    async def remove(self, request_id: int, entry: NewAuditEntry) -> bool:
        """Delete a request whatever its state, audited: what waits is taken back; False where it is gone already."""
        ...

    async def renew_token(self, request_id: int, lease: TokenLease) -> None:
        """Use the token of a later interaction with the request's message; one with another message changes nothing."""
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

    async def find(self, job_id: int, *, of_member: int | None = None) -> Job | None:
        """One job, or None; also None where it is not of this member."""
        ...

    async def find_within_reach(self, job_id: int, viewer: Viewer) -> Job | None:
        """One job that is the viewer's own, or public and shown in the viewer's channel; else None."""
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

    async def step_failed(self, job_id: int, what: str) -> int:
        """Record an error that nobody foresaw in a job's step; returns how often that has happened to this job."""
        ...

    async def failed(self, job_id: int, error: BotError, cost: Cost) -> Job | None:
        """End a job without a picture and settle its credits."""
        ...

    async def fetched(
        self, job_id: int, file_name: str, picture: PictureInfo, status: TaskStatus | None = None
    ) -> Job | None:
        """Record that the picture is on our disk; a withdrawn job's is kept there as `ready`, and not posted.

        `status` is the provider's last answer, if there was one: its figures are kept beside ours.
        """
        ...

    async def picture_lost(self, job_id: int) -> Job | None:
        """Have the provider asked again about a fetched job whose picture is not on our disk any more."""
        ...

    async def ready(self, job_id: int, reason: str) -> Job | None:
        """Keep a picture that could not be posted anywhere."""
        ...

    async def cancelled(self, job_id: int) -> Job | None:
        """Take a waiting job back, or drop an uncertain one."""
        ...

    async def withdrawn(self, job_id: int) -> Job | None:
        """Note that the member does not want a job any more that is being made: its picture will not be posted."""
        ...

    async def retry(self, job_id: int, *, role_ids: Collection[int] | None = None) -> Job | None:
        """Put a new job in the place of an uncertain one: an order like any other, which raises Refusal as one.

        `role_ids` are its member's roles now; None takes those that they ordered with.
        """
        ...

    async def unneeded_files(self, request_id: int) -> list[int]:
        """The jobs of a request whose shown picture no order still to be sent refers to."""
        ...

    async def finished_files(self, before: datetime, *, most: int) -> list[int]:
        """The jobs that were settled before a moment and whose picture may leave our disk, oldest first."""
        ...

    async def files_removed(self, job_ids: Sequence[int]) -> None:
        """Note that these jobs' pictures are not on our disk any more."""
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
        """Open the gate; returns whether it was closed. A pause outlives that."""
        ...

    async def note_told(self) -> None:
        """Note that the owners know that it is closed."""
        ...

    async def pause(self) -> bool:
        """Let the owner shut it, whatever the provider says; returns whether it was not paused before."""
        ...

    async def unpause(self) -> bool:
        """Take that back; returns whether it was paused."""
        ...

    async def note_room(self, full_since: datetime | None, *, told: bool) -> None:
        """Write down since when the disk has been too full (None: it is not), and whether the owners know."""
        ...


class UsageStats(Protocol):
    """What moderators and the owner ask."""

    async def usage(self, since: date | None) -> Sequence[UsageRow]:
        """The daily totals from a day on, oldest first."""
        ...

    async def states(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state."""
        ...
