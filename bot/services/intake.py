"""Accepting requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.domain.credits import price
from bot.domain.draft import AsksFirst, Draft, interaction_id_of
from bot.domain.errors import BadReferenceError, PictureError, Refusal
from bot.domain.job import NewRequest, Origin, RequestView, Viewer
from bot.domain.limits import FOLLOW_UPS_ELSEWHERE
from bot.domain.order import Order
from bot.domain.permutation import permutations
from bot.domain.picture import MAX_REFERENCES, PictureSpec, Resolution
from bot.domain.policy import check_count
from bot.ports import JobStore, Presenter, RequestStore, Shown, TokenLease
from bot.ports.drafts import DraftStore
from bot.services.guild_rules import GuildRules
from bot.services.presets import PresetEditor, Presets


class Intake:
    """Takes orders from commands, buttons and forms. Refusals are told to the member."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        jobs: JobStore,
        drafts: DraftStore,
        rules: GuildRules,
        presets: Presets,
        presenter: Presenter,
        check_room: Callable[[], None],
        wake: Callable[[], None],
        fetch_references: Callable[[int], None],
        references_copied: Callable[[int], Awaitable[PictureError | None]],
        credit_price_1k: Decimal,
        group_ratio: Decimal,
    ) -> None:
        self._requests = requests
        self._jobs = jobs
        self._drafts = drafts
        self._rules = rules
        self._presets = presets
        self._presenter = presenter
        self._check_room = check_room
        self._wake = wake
        self._fetch_references = fetch_references
        self._references_copied = references_copied
        self._credit_price_1k = credit_price_1k
        self._group_ratio = group_ratio

    def price(self, resolution: Resolution) -> int:
        """What one picture costs here, in micro-credits."""
        return price(resolution, self._credit_price_1k, self._group_ratio)

    async def accept(self, order: Order) -> int:
        """Accept a request for one to four pictures, once its references are copied; returns its id.

        Raises Refusal or StoreError, and AsksFirst if the prompt stands for several and isn't `verbatim`.
        """
        check_count(order.count)
        self._check_room()
        if len(order.references) > MAX_REFERENCES:
            raise Refusal("too_many_references", count=len(order.references), limit=MAX_REFERENCES)
        owner = PresetEditor(user_id=order.origin.user_id, guild_id=order.origin.guild_id)
        spec = await self._presets.styled(order.spec, order.style, owner)
        prompts = (spec.prompt,) if order.verbatim else permutations(spec.prompt)
        draft = self._draft_of(order, await self._rules.checked(spec, order.origin, prompts), prompts)
        if len(prompts) > 1:
            _check_follow_ups(draft, order.origin)
            raise AsksFirst(await self._drafts.add(draft, order.origin), draft)
        [new] = _requests_of(draft, order.origin, order.lease, order.upload_limit_bytes)
        request_id = await self._requests.accept(new, not_before=order.not_before)
        if order.references:
            await self._copied(request_id)
        self._wake()
        return request_id

    def _draft_of(self, order: Order, spec: PictureSpec, prompts: tuple[str, ...]) -> Draft:
        return Draft(
            user_id=order.origin.user_id,
            kind=order.kind,
            spec=spec,
            prompts=prompts,
            private=order.private,
            count=order.count,
            price_microcredits=self.price(spec.resolution),
            references=order.references,
            parent_job_id=order.parent_job_id,
            channel_id=order.origin.channel_id,
        )

    async def _copied(self, request_id: int) -> None:
        """Wait for a request's references; one that cannot be had is told as a refusal, so no message shows it."""
        error = await self._references_copied(request_id)
        if error is None:
            return
        request = (await self._requests.view(request_id)).request
        shown = Shown(digest="", version=request.version, edited=False, by="", private=request.private)
        await self._requests.note_shown(request_id, shown)
        named = {"number": error.number, "name": error.name} if isinstance(error, BadReferenceError) else {}
        raise Refusal(error.code, **named)

    async def refuse_sent(self, form_id: int, user_id: int) -> None:
        """Raise Refusal for a form that its member has sent before; it names the picture that came of it."""
        number = await self._requests.sent_with(form_id, user_id)
        if number is not None:
            raise Refusal("form_sent", number=number)

    async def draft(self, draft_id: int, user_id: int) -> Draft:
        """What a member is being asked about; raises Refusal where that is answered, or another member's to answer."""
        draft = await self._drafts.find(draft_id)
        if draft is None:
            raise _answered_already()
        if draft.user_id != user_id:
            raise Refusal("not_your_question")
        return draft

    async def make(self, draft_id: int, origin: Origin, *, lease: TokenLease, upload_limit_bytes: int) -> list[int]:
        """Accept a request for each prompt of a draft: all of them or none, once; returns their ids.

        Each shows itself in a message of its own, since the press that answers the question is answered by that.
        It is answered in the channel where it was asked, and only while the picture that it is about can be seen there.
        """
        self._check_room()
        draft = await self.draft(draft_id, origin.user_id)
        if draft.channel_id not in {None, origin.channel_id}:
            raise Refusal("opened_elsewhere")
        await self._check_parent(draft, origin)
        draft = replace(draft, spec=await self._rules.checked(draft.spec, origin, draft.prompts))
        new = _requests_of(draft, origin, lease, upload_limit_bytes, draft_id)
        request_ids = await self._drafts.accept(draft_id, new)
        if request_ids is None:
            raise _answered_already()
        self._accepted(request_ids, draft)
        self._presenter.refresh(request_ids)
        return request_ids

    async def _check_parent(self, draft: Draft, origin: Origin) -> None:
        """Refuse a picture that its member could see when they were asked, and cannot any more."""
        if draft.parent_job_id is None:
            return
        viewer = Viewer(user_id=origin.user_id, channel_id=origin.channel_id)
        if await self._jobs.find_within_reach(draft.parent_job_id, viewer) is None:
            raise Refusal("no_such_job", number=draft.parent_job_id)

    async def drop_draft(self, draft_id: int, user_id: int) -> None:
        """Make nothing of a draft."""
        await self.draft(draft_id, user_id)
        if not await self._drafts.drop(draft_id, user_id):
            raise _answered_already()

    def _accepted(self, request_ids: Sequence[int], draft: Draft) -> None:
        if draft.references:
            for request_id in request_ids:
                self._fetch_references(request_id)
        self._wake()

    def answered(self) -> None:
        """Go on with requests that waited for their member to be answered."""
        self._wake()

    async def unanswered(self, view: RequestView) -> None:
        """Take back, for free, a request whose member was told that the bot did not respond."""
        for job in view.jobs:
            await self._jobs.cancelled(job.id)


def _answered_already() -> Refusal:
    return Refusal("draft_gone")


def _check_follow_ups(draft: Draft, origin: Origin) -> None:
    """Refuse more messages than one press may bring where only a member brought the bot along."""
    if len(draft.prompts) > FOLLOW_UPS_ELSEWHERE and not origin.bot_present:
        raise Refusal("too_many_prompts_here", count=len(draft.prompts), limit=FOLLOW_UPS_ELSEWHERE)


def _requests_of(
    draft: Draft, origin: Origin, lease: TokenLease, upload_limit_bytes: int, draft_id: int | None = None
) -> list[NewRequest]:
    """A request for each prompt. Those of a kept draft have a message of their own each, and are accepted once."""
    return [
        NewRequest(
            kind=draft.kind,
            origin=origin
            if draft_id is None
            else replace(origin, interaction_id=interaction_id_of(draft_id, position)),
            spec=spec,
            private=draft.private,
            count=draft.count,
            price_microcredits=draft.price_microcredits,
            token=lease.token,
            token_expires_at=lease.expires_at,
            upload_limit_bytes=upload_limit_bytes,
            references=draft.references,
            parent_job_id=draft.parent_job_id,
            apart=draft_id is not None,
        )
        for position, spec in enumerate(draft.specs)
    ]
