"""What members do with pictures that were made: order them anew, look at how they were made, delete them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain.errors import Refusal
from bot.domain.job import SMALLER_ITSELF, Job, NewReference, Origin, RequestView, Viewer
from bot.domain.order import Order
from bot.domain.picture import MAX_REFERENCES, PictureSpec, next_resolution
from bot.domain.policy import with_style
from bot.domain.privacy import check_remembered
from bot.ports import JobStore, Presenter, RequestStore, TokenLease


@dataclass(frozen=True, slots=True, kw_only=True)
class PressOrder:
    """A member's press of a button, as the order that may come of it."""

    origin: Origin
    private: bool
    lease: TokenLease
    upload_limit_bytes: int

    @property
    def viewer(self) -> Viewer:
        """Who pressed, and where."""
        return Viewer(user_id=self.origin.user_id, channel_id=self.origin.channel_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presser(Viewer):
    """Who pressed a button, and where. `moderates` says whether they may delete anybody's messages there."""

    moderates: bool


class PictureActions:
    """The service behind the buttons under a picture. Refusals are told to the member.

    Whoever presses a button that orders something gets a request of their own, at their own cost.
    """

    def __init__(
        self,
        *,
        requests: RequestStore,
        jobs: JobStore,
        presenter: Presenter,
        on_deletion: Iterable[Callable[[int, RequestView], None]] = (),
    ) -> None:
        self._requests = requests
        self._jobs = jobs
        self._presenter = presenter
        self._on_deletion = tuple(on_deletion)

    async def look(self, job_id: int, viewer: Viewer) -> tuple[RequestView, Job]:
        """A picture's rows; raises Refusal for one that is gone, whose prompt is, or that its viewer cannot see.

        A press carries a number, and a client may send any: what somebody else made is looked at where it stands.
        """
        view, job = await self._found(job_id, await self._jobs.find_within_reach(job_id, viewer))
        check_remembered(view.request, job_id)
        return view, job

    async def find(self, job_id: int) -> tuple[RequestView, Job]:
        """A picture's rows wherever it is, also of one whose prompt was deleted: its message can still be removed.

        Who asks for it is for the caller to check.
        """
        return await self._found(job_id, await self._jobs.find(job_id))

    async def _found(self, job_id: int, job: Job | None) -> tuple[RequestView, Job]:
        view = None if job is None else await self._requests.view(job.request_id)
        if job is None or view is None or view.request.deleted_at is not None:
            raise Refusal("no_such_job", number=job_id)
        return view, job

    async def again(self, job_id: int, ask: PressOrder) -> Order:
        """The same once more."""
        view, _ = await self.look(job_id, ask.viewer)
        spec = view.request.spec
        return _ordered("again", job_id, spec, ask, _references(view), verbatim=True)

    async def edited(self, job_id: int, changed: PictureSpec, ask: PressOrder) -> Order:
        """The picture with another prompt, size or resolution; style, searches and references stay as they were."""
        view, _ = await self.look(job_id, ask.viewer)
        before = view.request.spec
        changed = with_style(changed, before.style, before.style_text)
        spec = replace(
            changed,
            google_search=before.google_search,
            google_image_search=before.google_image_search,
            spoiler=before.spoiler,
        )
        return _ordered("edit", job_id, spec, ask, _references(view))

    async def remixed(
        self,
        job_id: int,
        spec: PictureSpec,
        ask: PressOrder,
        *,
        more: Sequence[NewReference] = (),
        count: int = 1,
        style: str | None = None,
        shown_at: str | None = None,
    ) -> Order:
        """Something else from the picture itself and perhaps more of them; `shown_at` as in `bigger`."""
        _, job = await self.look(job_id, ask.viewer)
        references = (_itself(job, f"no. {job_id}", shown_at), *more)
        return _ordered("remix", job_id, spec, ask, references, count=count, style=style)

    async def bigger(self, job_id: int, ask: PressOrder, *, shown_at: str | None = None) -> Order:
        """The picture at the next resolution, with the picture itself as a reference.

        `shown_at` is where its message shows it, for when our copy is gone.
        """
        view, job = await self.look(job_id, ask.viewer)
        spec = view.request.spec
        larger = next_resolution(spec.resolution)
        if larger is None:
            raise Refusal("largest", number=job_id)
        itself = _itself(job, SMALLER_ITSELF, shown_at)
        # A smaller version of the picture gives way to it. It comes last, so that "image 1" goes on meaning the same.
        others = [reference for reference in _references(view) if reference.name != SMALLER_ITSELF]
        references = (*others[: MAX_REFERENCES - 1], itself)
        spec = replace(spec, resolution=larger)
        return _ordered("bigger", job_id, spec, ask, references, verbatim=True)

    async def may_delete(self, job_id: int, presser: Presser, lease: TokenLease) -> int:
        """Check that this member may delete the picture's message; returns how many pictures go with it.

        The press's token is kept: a message that only its member sees can be removed by nothing else.
        """
        view = await self._deletable(job_id, presser)
        await self._requests.renew_token(view.request.id, lease)
        return sum(job.retried_by is None for job in view.jobs)

    async def delete(self, job_id: int, presser: Presser) -> None:
        """Delete the picture's request: its message, and its files here. What was paid stays paid."""
        view = await self._deletable(job_id, presser)
        if not await self._requests.delete(view.request.id, presser.user_id):
            await self.find(job_id)  # of two presses at once one has deleted it: then it is gone
            raise Refusal("not_deletable", number=job_id)
        self._presenter.refresh([view.request.id])
        for deleted in self._on_deletion:
            deleted(presser.user_id, view)

    async def _deletable(self, job_id: int, presser: Presser) -> RequestView:
        view, job = await self.find(job_id)  # a message outlives what is remembered of it, and can be deleted still
        moderates = presser.moderates and presser.channel_id == view.request.channel_id
        if job.user_id != presser.user_id and not moderates:
            raise Refusal("not_yours_to_delete", number=job_id)
        return view


def _ordered(
    kind: str,
    job_id: int,
    spec: PictureSpec,
    ask: PressOrder,
    references: tuple[NewReference, ...],
    *,
    count: int = 1,
    style: str | None = None,
    verbatim: bool = False,
) -> Order:
    return Order(
        spec=spec,
        origin=ask.origin,
        private=ask.private,
        lease=ask.lease,
        upload_limit_bytes=ask.upload_limit_bytes,
        style=style,
        references=references,
        count=count,
        kind=kind,
        parent_job_id=job_id,
        verbatim=verbatim,
    )


def _itself(job: Job, name: str, shown_at: str | None) -> NewReference:
    """A picture as a reference: our copy, else the one on its message; refused where both are gone."""
    if job.picture_file is None and shown_at is None:
        raise Refusal("shown_nowhere", number=job.id)
    return NewReference(url="" if job.picture_file else shown_at or "", name=name, file_name=job.picture_file)


def _references(view: RequestView) -> tuple[NewReference, ...]:
    """A request's references, to be sent once more; what was copied for it is not copied again."""
    return tuple(NewReference(url=r.url, name=r.name, file_name=r.file_name) for r in view.request.references)
