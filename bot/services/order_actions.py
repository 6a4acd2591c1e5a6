"""What members decide about pictures that they have ordered: to cancel, to move, to drop, to try again."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.errors import Refusal
from bot.domain.job import AT_WORK, WAITING, Job, JobState, Origin
from bot.ports import JobStore, Presenter, RequestStore, TokenLease
from bot.ports.moves import MoveStore
from bot.services.guild_rules import GuildRules


class OrderActions:
    """The service behind a waiting card's buttons: only who ordered a picture decides, and each thing once."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        jobs: JobStore,
        moves: MoveStore,
        rules: GuildRules,
        presenter: Presenter,
        check_room: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        self._requests = requests
        self._jobs = jobs
        self._moves = moves
        self._rules = rules
        self._presenter = presenter
        self._check_room = check_room
        self._wake = wake

    async def cancel(self, job_id: int, user_id: int, lease: TokenLease | None) -> Job | None:
        """Take back a job that waits for its turn: that is free. `lease` is None for a press on another message.

        One that is being made is returned as it is: `withdraw` may still cost its price, so its member is asked first.
        """
        job = await self._owned(job_id, user_id)
        if job.state is JobState.QUEUED and await self._jobs.cancelled(job_id) is not None:
            await self._decided(job, lease)
            return None
        job = self._withdrawable(await self._jobs.job(job_id))
        if lease is not None:  # what follows is decided on another message, whose token does not reach the card
            await self._requests.renew_token(job.request_id, lease)
        return job

    async def withdraw(self, job_id: int, user_id: int) -> Job:
        """Cancel a job that is being made: its picture, should it come, is kept for `/collect` and not posted."""
        await self._owned(job_id, user_id)
        job = await self._jobs.withdrawn(job_id)
        if job is None:
            self._withdrawable(job := await self._jobs.job(job_id))
            # It went back to its place in line between the question and its answer.
            if await self._jobs.cancelled(job_id) is None:
                raise _too_late(job_id)
        self._presenter.refresh([job.request_id])
        return job

    @staticmethod
    def _withdrawable(job: Job) -> Job:
        if job.withdrawn_at is not None or job.state is JobState.CANCELLED:
            raise Refusal("cancelled_already", number=job.id)
        if job.state not in AT_WORK | WAITING:
            raise _too_late(job.id)
        return job

    async def move_to_private(self, job_id: int, user_id: int, lease: TokenLease) -> None:
        """Let a waiting request go on where its member alone sees it: in the private answer that this lease edits.

        The message on which they asked for that is removed.
        """
        job = await self._owned(job_id, user_id)
        if await self._moves.move_to_private(job.request_id, lease):
            self._presenter.refresh([job.request_id])
            return
        view = await self._requests.view(job.request_id)
        if view.request.deleted_at is not None:
            raise Refusal("no_such_job", number=job_id)
        if view.request.private:
            raise Refusal("private_already", number=job_id)
        if any(current.state in AT_WORK | WAITING for current in view.jobs if current.retried_by is None):
            raise Refusal("cannot_move")
        raise Refusal("too_late_to_move", number=job_id)

    async def drop(self, job_id: int, user_id: int, lease: TokenLease) -> None:
        """Give up a job whose outcome is unknown; its possible charge stays in the ledger."""
        job = await self._owned(job_id, user_id)
        if job.state is not JobState.UNCERTAIN or await self._jobs.cancelled(job_id) is None:
            raise Refusal("decided", number=job_id)
        await self._decided(job, lease)

    async def retry(self, job_id: int, user_id: int, lease: TokenLease, *, pressed: Origin | None = None) -> None:
        """Order a picture whose outcome is unknown once more; the member knows that it may be charged twice.

        It counts against their quota, as it is where and with the roles that they `pressed` with; outside of the
        picture's server, with those that they had when they ordered.
        """
        job = await self._owned(job_id, user_id)
        self._check_room()
        await self._rules.check_member(job.guild_id, user_id)
        there = pressed is not None and pressed.guild_id == job.guild_id
        if await self._jobs.retry(job_id, role_ids=pressed.role_ids if pressed and there else None) is None:
            raise Refusal("decided", number=job_id)
        await self._decided(job, lease)
        self._wake()

    async def _owned(self, job_id: int, user_id: int) -> Job:
        job = await self._jobs.find(job_id, of_member=user_id)
        if job is None:
            elses = await self._jobs.find(job_id) is not None
            raise Refusal("not_yours" if elses else "no_such_job", number=job_id)
        return job

    async def _decided(self, job: Job, lease: TokenLease | None) -> None:
        """Show a decision; the press came with a fresh token, which lets even a private message be edited again."""
        if lease is not None:
            await self._requests.renew_token(job.request_id, lease)
        self._presenter.refresh([job.request_id])


def _too_late(job_id: int) -> Refusal:
    return Refusal("too_late", number=job_id)
