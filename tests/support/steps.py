"""Bring jobs to a state through the same steps that the services take."""

from __future__ import annotations

from typing import Any, Protocol

from bot.domain.errors import OutcomeUnknownError
from bot.domain.job import Job
from bot.ports import GateStore, JobStore, RequestStore, Shown, ShownPicture, Submission, UsageStats
from bot.ports.moves import MoveStore
from tests.support.build import CHANNEL, PICTURE, new_request

OWNER = "this-process"
LOST = OutcomeUnknownError("the connection broke off")


class Store(RequestStore, JobStore, GateStore, UsageStats, Protocol):
    """All stores on one database."""

    @property
    def moves(self) -> MoveStore:
        """The store operations that move a request to private."""
        ...


class Steps:
    """Takes jobs of a store from step to step; each method starts with a new request."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def queued(self, **new: Any) -> Job:
        """A job that waits."""
        return (await self._store.view(await self._store.accept(new_request(**new)))).jobs[0]

    async def called_up(self, **new: Any) -> Job:
        """A job that admission has called up."""
        job = await self.queued(**new)
        await self._store.admit(OWNER, most=100)
        claimed = await self._store.job(job.id)
        assert claimed.owner == OWNER, "the limits of this store do not let this job start"
        return claimed

    async def submitting(self, **new: Any) -> Job:
        """A job whose POST is about to be sent."""
        return known(await self._store.begin_submit((await self.called_up(**new)).id, OWNER))

    async def running(self, **new: Any) -> Job:
        """A job that the provider is processing."""
        job = await self.submitting(**new)
        return known(await self._store.submitted(job.id, OWNER, Submission(task_id=f"task-{job.id}"), None))

    async def uncertain(self, **new: Any) -> Job:
        """A job whose POST may have been processed."""
        return known(await self._store.uncertain((await self.submitting(**new)).id, LOST))

    async def fetched(self, **new: Any) -> Job:
        """A job whose picture is on disk."""
        job = await self.running(**new)
        return known(await self._store.fetched(job.id, f"{job.id}.png", PICTURE))

    async def delivered(self, **new: Any) -> Job:
        """A job whose message shows its picture."""
        job = await self.fetched(**new)
        await self._store.note_shown(job.request_id, await self.shown_with(job))
        return await self._store.job(job.id)

    async def shown_with(self, job: Job, *, attachment_id: int = 501, digest: str = "with picture") -> Shown:
        """The message that shows this job's picture, with its current rows."""
        return Shown(
            digest=digest,
            version=(await self._store.view(job.request_id)).request.version,
            edited=True,
            by="interaction",
            message_id=700 + job.request_id,
            channel_id=CHANNEL,
            pictures={job.id: ShownPicture(attachment_id=attachment_id, file_name=f"imagine-{job.id}.png")},
        )


def known(job: Job | None) -> Job:
    """Return the job of a step that must succeed."""
    assert job is not None, "the step did not happen: the job was not in the expected state"
    return job
