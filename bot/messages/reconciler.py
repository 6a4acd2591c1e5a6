"""Keeps each request's message equal to its rows: coalesces changes, renders, delivers, records what is shown."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Final

from bot.clock import Clock
from bot.domain.errors import StoreError
from bot.domain.job import Job, JobState, Request, RequestView
from bot.domain.schedule import backoff_s
from bot.messages.attachments import AttachmentBuilder, all_new
from bot.messages.bulk_refresh import BulkRefresh
from bot.messages.channel_lanes import ChannelBusy, ChannelLanes
from bot.messages.deletion import MessageDeletion
from bot.messages.fallback_chain import (
    NOT_SHOWN,
    DeliveryTrouble,
    FallbackChain,
    NewMessage,
    TooLarge,
    Upload,
    token_lives,
)
from bot.messages.message_state import MessageState
from bot.messages.stale_edits import StaleEditCheck, distrusted
from bot.ops.backpressure import Backpressure
from bot.ports import JobStore, PictureFiles, RequestStore, Shown, ShownPicture
from bot.ports.moves import MoveStore
from bot.queue.retry import StoreRetry
from bot.tasks import TaskGroup
from bot.ui.card import Card, opening, render

log = logging.getLogger(__name__)

_FIRST_PAUSE_S: Final = 2.0
_LONGEST_PAUSE_S: Final = 60.0
_MOST_CRASHES: Final = 5
_PATIENCE_S: Final = 30.0
"""The timeout of an edit without files: Discord answers within seconds, and a connection can die without an error."""
_AT_ONCE: Final = 16
_BEGUN: Final = "begun"
"""Stored as the digest of a new message that has no card yet."""

DeliveryObserver = Callable[[RequestView, Sequence[Job], Request], None]
"""Called with the rows before a delivery, the delivered jobs, and the request with its message."""


class Reconciler:
    """Implements Presenter. A delivery is an idempotent edit, so it may be repeated."""

    def __init__(
        self,
        *,
        fallback_chain: FallbackChain,
        requests: RequestStore,
        jobs: JobStore,
        moves: MoveStore,
        files: PictureFiles,
        attachment_builder: AttachmentBuilder,
        clock: Clock,
        rng: random.Random,
        owner: str,
        backpressure: Backpressure,
        on_delivery: Iterable[DeliveryObserver] = (),
        at_once: int = _AT_ONCE,
    ) -> None:
        self._fallback_chain = fallback_chain
        self._requests = requests
        self._jobs = jobs
        self._removal = MessageDeletion(
            fallback_chain=fallback_chain, requests=requests, jobs=jobs, moves=moves, files=files
        )
        self._attachment_builder = attachment_builder
        self._clock = clock
        self._rng = rng
        self._owner = owner
        self._backpressure = backpressure
        self._insist = StoreRetry(clock, rng)
        self._slots = asyncio.Semaphore(at_once)
        self._patience_s = _PATIENCE_S
        self._lanes = ChannelLanes()
        self._tasks = TaskGroup()
        self._line = BulkRefresh(self._tasks, self._refresh)
        self._dirty: dict[int, bool] = {}
        self._held: dict[int, asyncio.Event] = {}
        self._stopping = False
        self._stale_edits = StaleEditCheck(clock, self.refresh)
        self._on_delivery = tuple(on_delivery)

    def refresh(self, request_ids: Iterable[int]) -> None:
        """See Presenter."""
        for request_id in request_ids:
            self._refresh(request_id)

    def refresh_line(self, request_ids: Sequence[int]) -> None:
        """See Presenter."""
        if not self._stopping:
            self._line.follow(request_ids)

    def _refresh(self, request_id: int) -> asyncio.Task[None] | None:
        """Start a delivery; None if one is running, which then repeats, or if the bot is stopping."""
        under_way = request_id in self._dirty
        if under_way or not self._stopping:
            self._dirty[request_id] = True
        if under_way or self._stopping:
            return None
        return self._tasks.start(self._keep_up(request_id), name=f"deliver-{request_id}")

    @contextmanager
    def hold(self, interaction_id: int) -> Iterator[None]:
        """Do not edit an interaction's message while its first answer is being sent."""
        released = self._held[interaction_id] = asyncio.Event()
        try:
            yield
        finally:
            if self._held.get(interaction_id) is released:  # Discord may send an interaction twice
                del self._held[interaction_id]
            released.set()

    async def recover(self) -> None:
        """Update every message that is behind its rows, whatever the previous process was doing."""
        behind = await self._requests.requests_behind()
        self.refresh(behind)
        self._stale_edits.take_at(behind)

    async def close(self, *, grace_s: float) -> None:
        """Give running deliveries `grace_s` seconds; those that are cancelled follow after the next start."""
        self._stopping = True
        await self._stale_edits.close()
        await self._tasks.drain(grace_s)
        await self._tasks.close()

    async def _keep_up(self, request_id: int) -> None:
        """Deliver until the rows have not changed meanwhile; waits and retries after failures."""
        failures = crashes = 0
        try:
            while self._dirty[request_id]:
                self._dirty[request_id] = False
                try:
                    await self._backpressure.quiet()
                    await self._take_turn(request_id)
                except (DeliveryTrouble, StoreError, OSError) as error:
                    failures += 1
                    log.warning("delivery_trouble", extra={"request_id": request_id, "error": str(error)})
                except Exception:
                    failures += 1
                    crashes += 1
                    log.exception("delivery_crashed", extra={"request_id": request_id})
                    if crashes % _MOST_CRASHES == 0 and not await self._kept_for_later(request_id):
                        return  # retried after a restart: the rows record that the message is behind
                else:
                    failures = crashes = 0
                if failures:
                    pause_s = backoff_s(failures, base_s=_FIRST_PAUSE_S, cap_s=_LONGEST_PAUSE_S, rng=self._rng)
                    await self._clock.sleep(pause_s)
                    self._dirty[request_id] = not self._stopping
        finally:
            del self._dirty[request_id]

    async def _kept_for_later(self, request_id: int) -> bool:
        """Keep a request's pictures for /collect after repeated unexpected errors; False if there are none to keep."""
        log.error("delivery_given_up", extra={"request_id": request_id, "times": _MOST_CRASHES})
        view = await self._insist(lambda: self._requests.view(request_id))
        undelivered = [job for job in view.jobs if job.state is JobState.FETCHED and job.owner == self._owner]
        for job in undelivered:
            await self._insist(partial(self._jobs.ready, job.id, "delivering it raised an unforeseen error each time"))
        return bool(undelivered)

    async def _take_turn(self, request_id: int) -> None:
        """Deliver when a slot is free; in a busy channel, wait for the channel first without occupying a slot."""
        try:
            async with self._slots:
                await self._bring_up_to_date(request_id)
        except ChannelBusy as crowded:
            async with crowded.lane, self._slots:
                await self._bring_up_to_date(request_id, in_lane=True)

    def _lane(self, request: Request) -> AbstractAsyncContextManager[None]:
        """The concurrency limit of a request's channel; entering it raises ChannelBusy when it is reached."""
        return nullcontext() if token_lives(request, self._clock.now()) else self._lanes.entered(request.channel_id)

    async def _bring_up_to_date(self, request_id: int, *, in_lane: bool = False) -> None:
        view = await self._requests.view(request_id)
        while held := self._held.get(view.request.origin.interaction_id):
            await held.wait()
            view = await self._requests.view(request_id)
        if view.request.deleted_at is not None:
            await self._removal.remove(view)
            await self._note_unchanged(view.request)
            return
        if view.request.wiped:
            await self._note_unchanged(view.request)  # its content was erased: the message stays as it is
            return
        if view.request.private:
            await self._removal.remove_left(view.request)
        if any(job.state is JobState.FETCHED and job.owner != self._owner for job in view.jobs):
            log.warning("delivery_overtaken", extra={"request_id": request_id})
            return
        async with nullcontext() if in_lane else self._lane(view.request):
            card, uploads, posted = await self._show(await self._believed(view))
        # In this order: a kill in between leaves a message behind its rows, never a picture that is not delivered.
        await self._keep_unshown(view, card, posted)
        await self._note(view, card, uploads, posted)

    async def _believed(self, view: RequestView) -> RequestView:
        """The rows; without the recorded state of the message if a stale edit has changed it."""
        if not self._stale_edits.is_due(view.request.id):
            return view
        packed = await self._attachment_builder.pack(view, 0)
        card = render(packed.view, packed.names, with_sheet=packed.sheet is not None)
        recorded = card.digest == view.request.shown  # a message that differs is edited in any case
        if recorded and not await self._fallback_chain.shows_still(view.request, card, packed.files):
            log.warning("late_edit_found", extra={"request_id": view.request.id})
            view = distrusted(view)
        self._stale_edits.taken(view.request.id)
        return view

    async def _note_unchanged(self, request: Request) -> None:
        """Record that this version of the rows was handled, and that the message does not show it."""
        shown = Shown(digest="", version=request.version, edited=False, by="", private=request.private)
        await self._requests.note_shown(request.id, shown)

    async def _note_begun(self, request: Request, posted: MessageState) -> None:
        """Record where a new message is before it has its card; until then it counts as behind its rows."""
        shown = Shown(
            digest=_BEGUN, version=0, edited=False, by=posted.by,
            message_id=posted.message_id, channel_id=posted.channel_id, private=request.private,
        )  # fmt: skip
        await self._insist(lambda: self._requests.note_shown(request.id, shown))

    async def _show(self, view: RequestView) -> tuple[Card, Mapping[int, Upload], MessageState]:
        """Render and deliver; uploads smaller files each time that Discord rejects them as too large."""
        rung = 0

        async def begun(posted: MessageState) -> None:
            nonlocal view
            await self._note_begun(view.request, posted)
            view = replace(view, request=_shown_in(posted, view.request))

        while True:
            packed = await self._attachment_builder.pack(view, rung)
            card = render(packed.view, packed.names, with_sheet=packed.sheet is not None)
            if not self._worth_an_edit(view, card):
                return card, {}, NOT_SHOWN
            try:
                may_post = (card.worth_a_post or view.request.unseen) and not packed.keeps
                new = NewMessage(words=partial(opening, view), begun=begun) if may_post else None
                # An upload may take as long as a slow connection needs; an edit without files has a timeout.
                async with asyncio.timeout(None if packed.new else self._patience_s):
                    posted = await self._fallback_chain.show(view.request, card, packed.files, new=new)
                if posted.by or may_post or not card.worth_a_post:
                    return card, packed.pictures, posted
                # The message is gone with the attachments that it kept: upload everything again.
                view = all_new(view)
            except TooLarge:
                rung = packed.next_rung
                log.info("delivery_too_large", extra={"request_id": view.request.id, "next_rung": rung})
            except (DeliveryTrouble, TimeoutError):
                self._stale_edits.take_at([view.request.id])  # Discord may still apply the edit
                raise

    @staticmethod
    def _worth_an_edit(view: RequestView, card: Card) -> bool:
        """News is always shown; progress only while edits are left; nothing if the message is equal already."""
        if any(job.state is JobState.FETCHED for job in view.jobs):
            return True
        return card.digest != view.request.shown and (card.urgent or card.edits_left)

    async def _keep_unshown(self, view: RequestView, card: Card, posted: MessageState) -> None:
        """Keep pictures that cannot be posted anywhere, since they are paid for; the next delivery says so."""
        shown = {job.id for job in card.pictures} if posted.by else set()
        unshown = [job for job in view.jobs if job.state is JobState.FETCHED and job.id not in shown]
        for job in unshown:
            log.warning("delivery_impossible", extra={"job_id": job.id})
            reason = "no way to post it: token, message, channel and direct messages failed"
            await self._insist(partial(self._jobs.ready, job.id, reason))
        if unshown and posted.by:
            self.refresh([view.request.id])

    async def _note(self, view: RequestView, card: Card, uploads: Mapping[int, Upload], posted: MessageState) -> None:
        """Record what the message shows; without a message, only that this version of the rows was handled."""
        request = view.request
        if posted.token_died:
            await self._insist(lambda: self._requests.wipe_token(request.id))
        if not posted.by:
            await self._note_unchanged(request)
            return
        pictures = {
            job.id: ShownPicture(
                attachment_id=posted.attachments.get(uploads[job.id].file_name, uploads[job.id].attachment_id),
                file_name=uploads[job.id].file_name,
                shrunk=uploads[job.id].shrunk,
            )
            for job in card.pictures
        }
        shown = Shown(
            digest=card.digest, version=request.version, edited=posted.edited, by=posted.by,
            message_id=posted.message_id, channel_id=posted.channel_id, pictures=pictures, private=request.private,
        )  # fmt: skip
        # If this write fails, it is retried without another delivery: a new message would be posted twice.
        await self._insist(lambda: self._requests.note_shown(request.id, shown))
        new = [job for job in view.jobs if job.id in pictures and job.state is JobState.FETCHED]
        if new:
            for delivered in self._on_delivery:
                delivered(view, new, _shown_in(posted, request))


def _shown_in(posted: MessageState, request: Request) -> Request:
    """A request with the message that shows it now."""
    return replace(
        request,
        message_id=posted.message_id or request.message_id,
        channel_id=posted.channel_id or request.channel_id,
        message_by=posted.by,
    )
