"""The message of a request is reconciled with its rows: edits are coalesced, never lost, never doubled."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import BotError, Cost, StoreError
from bot.domain.job import JobState, NewReference, Request
from bot.media.spool import Spool
from bot.messages.attachments import AttachmentBuilder
from bot.messages.fallback_chain import NOT_SHOWN, DeliveryTrouble, FallbackChain, NewMessage, TooLarge, Upload
from bot.messages.message_state import MessageState
from bot.messages.reconciler import Reconciler
from bot.messages.stale_edits import StaleEditCheck
from bot.ops.backpressure import Backpressure
from bot.ports import Fitted, Shown, Submission, TokenLease
from bot.store.store import SqliteStore
from bot.ui.card import Card
from tests.support.build import BOB, CHANNEL, PICTURE, new_request
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import OWNER, Steps


class RecordingFallbackChain(FallbackChain):
    """Records what would be shown, and answers from a script: a Posted, an error, or a callback to run meanwhile."""

    def __init__(self) -> None:
        self.answers: deque[MessageState | Exception | Callable[[], Coroutine[Any, Any, None]]] = deque()
        self.shown: list[tuple[int, str, list[Upload], bool]] = []
        self.removed: list[int] = []
        self.read: list[int] = []
        self.places: list[tuple[int | None, int, str]] = []
        self.new: NewMessage | None = None
        self.overwritten = False

    async def remove(self, request: Request) -> bool:
        """Record the call; a scripted error is raised."""
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        self.removed.append(request.id)
        return True

    async def shows_still(self, request: Request, card: Card, uploads: list[Upload]) -> bool:  # noqa: ARG002 - a port
        """Record the call; true unless an older edit arrived late."""
        self.read.append(request.id)
        return not self.overwritten

    async def show(
        self, request: Request, card: Card, uploads: list[Upload], *, new: NewMessage | None
    ) -> MessageState:
        """Record the call."""
        self.places.append((request.message_id, request.channel_id, request.message_by))
        self.new = new
        self.shown.append((request.id, card.digest, uploads, new is not None))
        answer = self.answers.popleft() if self.answers else posted(uploads)
        if callable(answer):
            await answer()
            return posted(uploads)
        if isinstance(answer, Exception):
            raise answer
        return answer


def posted(uploads: list[Upload], *, token_died: bool = False) -> MessageState:
    """The default result: the message was edited, each file has an attachment id."""
    names = {upload.file_name: 900 + number for number, upload in enumerate(uploads)}
    return MessageState(
        by="interaction", message_id=70, channel_id=CHANNEL, attachments=names, edited=True, token_died=token_died
    )


class RecordingFitter:
    """Implements PictureFitter: each step is a smaller file, down to the fourth."""

    async def fit(self, path: Path, limit_bytes: int, *, rung: int = 0) -> Fitted | None:
        """The requested step, whatever the limit."""
        if rung > 3:
            return None
        extension = "png" if rung == 0 else "webp"
        return Fitted(path=path, extension=extension, size_bytes=limit_bytes, rung=rung, shrunk="WebP" if rung else "")


class RecordingSheets:
    """Implements SheetMaker: the sheet that a test sets, or none."""

    sheet: bytes | None = None

    async def of(self, request: Request) -> bytes | None:
        """The same for every request with a pending message."""
        return None if request.deleted_at else self.sheet


class Post:
    """A reconciler with its store, fallback chain and steps."""

    def __init__(self, store: SqliteStore, spool: Spool, clock: FakeClock) -> None:
        self.store, self.steps, self.clock, self.fallback_chain = store, Steps(store), clock, RecordingFallbackChain()
        self.spool, self.sheets = spool, RecordingSheets()
        self.later_clock = FakeClock(automatic=False)
        self.reconciler = Reconciler(
            fallback_chain=self.fallback_chain, requests=store, jobs=store, moves=store.moves, files=spool,
            attachment_builder=AttachmentBuilder(files=spool, fitter=RecordingFitter(), sheets=self.sheets),
            clock=clock, rng=random.Random(1), owner=OWNER, backpressure=Backpressure(),
        )  # fmt: skip

    async def idle(self) -> None:
        """Wait until every delivery has ended."""
        async with asyncio.timeout(10):
            while self.reconciler._tasks:
                await self.reconciler._tasks.drain(1)

    def hold_second_looks(self) -> None:
        """Run no second check before `later`."""
        self.reconciler._stale_edits = StaleEditCheck(self.later_clock, self.reconciler.refresh)

    async def later(self) -> None:
        """Advance to the time of the second checks, and wait for their results."""
        await asyncio.sleep(0)
        self.later_clock.advance(60)
        await self.reconciler._stale_edits._tasks.drain(5)
        await self.idle()


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    """A running reconciler."""
    clock = FakeClock()
    async with SqliteStore(
        fresh_database(tmp_path / "bot.db"), clock, per_user_running=20, per_user_pending=99
    ) as store:
        made = Post(store, Spool(tmp_path / "spool"), clock)
        yield made
        await made.reconciler.close(grace_s=0.05)
        assert [task for task in asyncio.all_tasks() if task.get_name().startswith("deliver-")] == []


async def test_fetched_picture_is_delivered_and_recorded(post: Post) -> None:
    """The picture's file is uploaded once; its job is delivered with the attachment's id, and no message is behind."""
    job = await post.steps.fetched()
    post.reconciler.refresh([job.request_id])
    await post.idle()
    delivered = await post.store.job(job.id)
    assert (delivered.state, delivered.attachment_id) == (JobState.DELIVERED, 900)
    assert await post.store.requests_behind() == []
    assert len(post.fallback_chain.shown) == 1


class SlowChannel(RecordingFallbackChain):
    """A channel in which Discord rate-limits the bot's own token until `free`."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()

    async def show(
        self, request: Request, card: Card, uploads: list[Upload], *, new: NewMessage | None
    ) -> MessageState:
        """As usual if the request has its own token."""
        shown = await super().show(request, card, uploads, new=new)
        if request.token is None:
            await self.free.wait()
        return shown


async def test_rate_limited_channel_delays_no_other_message(post: Post) -> None:
    """Thirty messages that only the bot's token reaches leave slots for one that has its own token."""
    post.fallback_chain = post.reconciler._fallback_chain = fallback_chain = SlowChannel()
    crowd = [(await post.steps.queued()).request_id for _ in range(30)]
    for request_id in crowd:
        await post.store.wipe_token(request_id)
    post.reconciler.refresh(crowd)
    alone = (await post.steps.fetched(user_id=BOB)).request_id
    post.reconciler.refresh([alone])
    async with asyncio.timeout(10):
        while alone in await post.store.requests_behind():  # noqa: ASYNC110 - polls the rows
            await asyncio.sleep(0)
    assert len([shown for shown in fallback_chain.shown if shown[0] in crowd]) == 4
    fallback_chain.free.set()
    await post.idle()
    assert await post.store.requests_behind() == []
    assert len(fallback_chain.shown) == 31


async def test_delivering_twice_changes_nothing(post: Post) -> None:
    """Reconciling a message that matches its rows makes no request to Discord."""
    job = await post.steps.fetched()
    for _ in range(2):
        post.reconciler.refresh([job.request_id])
        await post.idle()
    assert len(post.fallback_chain.shown) == 1


async def test_many_changes_at_once_are_one_edit(post: Post) -> None:
    """Repeated refresh requests are coalesced."""
    job = await post.steps.running()
    post.reconciler.refresh([job.request_id] * 20)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert len(post.fallback_chain.shown) == 1


async def test_change_during_an_edit_is_followed_by_another(post: Post) -> None:
    """A job that ends while its message is being edited is shown as soon as that edit is done."""
    job = await post.steps.running()

    async def fail_meanwhile() -> None:
        await post.store.failed(job.id, BotError("x"), Cost.NOTHING)
        post.reconciler.refresh([job.request_id])

    post.fallback_chain.answers.append(fail_meanwhile)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert len(post.fallback_chain.shown) == 2
    assert post.fallback_chain.shown[0][1] != post.fallback_chain.shown[1][1]
    assert await post.store.requests_behind() == []


async def test_nothing_is_edited_during_the_initial_response(post: Post) -> None:
    """The interaction's own response comes first; changes made meanwhile follow it."""
    job = await post.steps.fetched()
    interaction_id = (await post.store.view(job.request_id)).request.origin.interaction_id
    with post.reconciler.hold(interaction_id):
        post.reconciler.refresh([job.request_id])
        for _ in range(15):
            await post.store.waiting()
        assert post.fallback_chain.shown == []
    await post.idle()
    assert len(post.fallback_chain.shown) == 1


async def test_delivery_errors_are_retried_without_limit(post: Post) -> None:
    """Discord fails a hundred times: the picture is delivered afterwards, with retries at most a minute apart."""
    job = await post.steps.fetched()
    post.fallback_chain.answers += [DeliveryTrouble("HTTP 503")] * 100
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert (await post.store.job(job.id)).state is JobState.DELIVERED
    assert 40 < max(post.clock.slept) <= 60


async def test_shown_picture_is_not_shown_again_if_its_row_cannot_be_written(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full for a while: the rows are written later, and no second message is posted meanwhile."""
    job = await post.steps.fetched()
    note, troubles = post.store.note_shown, [StoreError("disk full")] * 20

    async def note_shown(request_id: int, shown: Shown) -> None:
        if troubles:
            raise troubles.pop()
        await note(request_id, shown)

    monkeypatch.setattr(post.store, "note_shown", note_shown)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert (await post.store.job(job.id)).state is JobState.DELIVERED
    assert len(post.fallback_chain.shown) == 1


async def test_hanging_edit_times_out_and_is_retried(post: Post) -> None:
    """A dead connection delays only its own message, and not for long."""
    job = await post.steps.uncertain()
    post.reconciler._patience_s = 0.02

    async def silence() -> None:
        await asyncio.Event().wait()

    post.fallback_chain.answers.append(silence)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert len(post.fallback_chain.shown) == 2
    assert await post.store.requests_behind() == []


async def test_delivery_errors_do_not_count_as_crashes(post: Post) -> None:
    """After a long outage an unexpected error is retried like a first one."""
    job = await post.steps.fetched()
    post.fallback_chain.answers += [*[DeliveryTrouble("HTTP 503")] * 10, ZeroDivisionError("a bug")]
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert (await post.store.job(job.id)).state is JobState.DELIVERED


async def test_picture_whose_delivery_always_crashes_is_kept_for_collect(post: Post) -> None:
    """After five crashes it is kept, and its message says so if that can be shown."""
    job = await post.steps.fetched()
    post.fallback_chain.answers += [ZeroDivisionError("a bug")] * 5
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert len(post.fallback_chain.shown) == 6
    assert (await post.store.job(job.id)).state is JobState.READY
    assert await post.store.requests_behind() == []


async def test_message_whose_delivery_always_crashes_is_left_for_the_next_start(post: Post) -> None:
    """Tried with and without its picture, then not until a restart: the rows record that the message is behind."""
    job = await post.steps.fetched()
    post.fallback_chain.answers += [ZeroDivisionError("a bug")] * 10
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert len(post.fallback_chain.shown) == 10
    assert (await post.store.job(job.id)).state is JobState.READY
    assert await post.store.requests_behind() == [job.request_id]
    await post.reconciler.recover()
    await post.idle()
    assert await post.store.requests_behind() == []


async def test_too_large_files_go_down_step_by_step(post: Post) -> None:
    """Each 413 sends smaller files, and the card says what was shrunk."""
    job = await post.steps.fetched()
    post.fallback_chain.answers += [TooLarge(), TooLarge()]
    post.reconciler.refresh([job.request_id])
    await post.idle()
    rungs = [uploads[0].fitted.rung for _, _, uploads, _ in post.fallback_chain.shown if uploads[0].fitted]
    assert rungs == [0, 1, 2]
    delivered = await post.store.job(job.id)
    assert (delivered.shown_as, delivered.attachment_name) == ("WebP", f"imagine-{job.id}.webp")


async def test_references_are_shown_until_the_files_are_too_large(post: Post) -> None:
    """Their contact sheet is sent with each edit, and dropped once Discord rejects the size."""
    post.sheets.sheet = b"a sheet"
    job = await post.steps.fetched()
    post.fallback_chain.answers.append(TooLarge())
    post.reconciler.refresh([job.request_id])
    await post.idle()
    sent = [[(upload.file_name, upload.data) for upload in uploads] for _, _, uploads, _ in post.fallback_chain.shown]
    sheet = (f"imagine-references-{job.request_id}.webp", b"a sheet")
    assert sent == [[(f"imagine-{job.id}.png", None), sheet], [(f"imagine-{job.id}.webp", None)]]
    assert (await post.store.job(job.id)).attachment_name == f"imagine-{job.id}.webp"


async def test_picture_that_fits_nowhere_is_kept(post: Post) -> None:
    """Below the last step the picture is ready, not lost, and the message is shown without it."""
    job = await post.steps.fetched()
    post.fallback_chain.answers += [TooLarge()] * 4
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert (await post.store.job(job.id)).state is JobState.READY
    assert post.fallback_chain.shown[-1][2] == []
    assert await post.store.requests_behind() == []


async def test_started_new_message_is_continued(post: Post) -> None:
    """Its id is stored before its picture is uploaded; a 413 or a transient error starts no second one."""
    job = await post.steps.fetched()
    place = MessageState(by="dm", message_id=71, channel_id=404, attachments={}, edited=False)

    async def begin() -> None:
        assert post.fallback_chain.new is not None
        await post.fallback_chain.new.begun(place)
        assert await post.store.requests_behind() == [job.request_id]
        raise TooLarge

    post.fallback_chain.answers += [begin, DeliveryTrouble("HTTP 503")]
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert post.fallback_chain.places == [(None, CHANNEL, ""), (71, 404, "dm"), (71, 404, "dm")]
    assert (await post.store.job(job.id)).state is JobState.DELIVERED


async def test_new_message_omits_a_picture_that_is_no_longer_on_disk(post: Post) -> None:
    """The old message is gone, with the only copy: the other pictures are posted again, once, without that one."""
    request_id = await post.store.accept(new_request(count=2))
    first, second = (await post.store.view(request_id)).jobs
    for job in (first, second):
        await post.store.admit(OWNER, most=9)
        await post.store.begin_submit(job.id, OWNER)
        await post.store.submitted(job.id, OWNER, Submission(task_id=f"t{job.id}"), None)
    await post.store.fetched(first.id, "1.png", PICTURE)
    await post.store.note_shown(request_id, await post.steps.shown_with(first))
    await post.store.files_removed([first.id])
    await post.store.fetched(second.id, "2.png", PICTURE)
    new = MessageState(by="bot", message_id=71, channel_id=CHANNEL, attachments={}, edited=False)
    post.fallback_chain.answers += [NOT_SHOWN, new]
    post.reconciler.refresh([request_id])
    await post.idle()
    assert len(post.fallback_chain.shown) == 2
    shown = await post.store.view(request_id)
    assert [job.state for job in shown.jobs] == [JobState.DELIVERED] * 2
    assert shown.request.message_id == 71
    assert shown.jobs[0].attachment_id is None, "the new message has no such attachment"


async def test_undeliverable_picture_is_kept_before_its_message_counts_as_reconciled(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a kill between the two would orphan a picture on disk."""
    job = await post.steps.fetched()
    note, found = post.store.note_shown, []

    async def note_shown(request_id: int, shown: Shown) -> None:
        found.append((await post.store.job(job.id)).state)
        await note(request_id, shown)

    monkeypatch.setattr(post.store, "note_shown", note_shown)
    post.fallback_chain.answers.append(NOT_SHOWN)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert found[0] is JobState.READY
    assert await post.store.requests_behind() == [job.request_id], "the next start tries to say so"


async def test_picture_without_any_delivery_method_is_kept(post: Post) -> None:
    """Token, message, channel and direct messages all failed: it is ready for /collect."""
    job = await post.steps.fetched()
    post.fallback_chain.answers.append(NOT_SHOWN)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert (await post.store.job(job.id)).state is JobState.READY


async def test_expired_token_is_forgotten(post: Post) -> None:
    """Discord refused it once: the next edit does not try it again."""
    job = await post.steps.running()
    post.fallback_chain.answers.append(posted([], token_died=True))
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert (await post.store.view(job.request_id)).request.token is None


async def test_process_that_lost_its_job_uploads_nothing(post: Post) -> None:
    """Another process took the job over while this one was frozen, and delivers it."""
    job = await post.steps.fetched()
    await post.store.adopt("another-process")
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert post.fallback_chain.shown == []
    assert (await post.store.job(job.id)).state is JobState.FETCHED


async def test_progress_edits_are_limited_and_result_edits_are_not(post: Post) -> None:
    """At most three edits a job: progress may use two, the picture is always shown."""
    job = await post.steps.queued()
    for closed in (True, False, True, False):
        if closed:
            await post.store.close_gate("balance", probe_at=post.clock.now(), backoff_s=60)
        else:
            await post.store.open_gate()
        post.reconciler.refresh([job.request_id])
        await post.idle()
    assert len(post.fallback_chain.shown) == 2
    await post.store.cancelled(job.id)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert len(post.fallback_chain.shown) == 3


async def test_only_results_may_become_a_new_message(post: Post) -> None:
    """Progress is not worth a new message or a direct message; a picture is."""
    running, fetched = await post.steps.running(), await post.steps.fetched()
    post.reconciler.refresh([running.request_id, fetched.request_id])
    await post.idle()
    assert {request_id: may_post for request_id, _, _, may_post in post.fallback_chain.shown} == {
        running.request_id: False, fetched.request_id: True,
    }  # fmt: skip


async def test_start_refreshes_every_outdated_message(post: Post) -> None:
    """All that the previous process left, and nothing else."""
    behind = [await post.steps.fetched(), await post.steps.uncertain()]
    current = await post.steps.delivered()
    await post.reconciler.recover()
    await post.idle()
    assert sorted(request_id for request_id, *_ in post.fallback_chain.shown) == [job.request_id for job in behind]
    assert current.request_id not in {request_id for request_id, *_ in post.fallback_chain.shown}


async def test_picture_removed_by_a_late_edit_of_the_previous_process_is_shown_again(post: Post) -> None:
    """Its edit was in flight at the kill and arrived after ours: the message is read, and edited again."""
    post.hold_second_looks()
    job = await post.steps.fetched()
    post.fallback_chain.overwritten = True
    await post.reconciler.recover()
    await post.idle()
    await post.later()
    assert post.fallback_chain.read == [job.request_id]
    first, second = post.fallback_chain.shown
    assert first[1] == second[1]
    assert [upload.fitted is not None for upload in second[2]] == [True]
    assert await post.store.requests_behind() == []


async def test_message_is_verified_once_only_after_a_start_or_an_error(post: Post) -> None:
    """If it shows what was recorded, it is not edited."""
    post.hold_second_looks()
    behind = await post.steps.fetched()
    await post.reconciler.recover()
    await post.idle()
    await post.later()
    assert (len(post.fallback_chain.shown), post.fallback_chain.read) == (1, [behind.request_id])
    untroubled, troubled = await post.steps.fetched(), await post.steps.uncertain()
    post.reconciler.refresh([untroubled.request_id])
    await post.idle()
    post.fallback_chain.answers.append(DeliveryTrouble("cut"))
    post.reconciler.refresh([troubled.request_id])
    await post.idle()
    await post.later()
    assert post.fallback_chain.read == [behind.request_id, troubled.request_id]


async def test_stopping_takes_no_new_deliveries(post: Post) -> None:
    """A refresh after the stop is delivered after the next start."""
    job = await post.steps.fetched()
    await post.reconciler.close(grace_s=0.05)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert post.fallback_chain.shown == []
    assert await post.store.requests_behind() == [job.request_id]


async def test_deleted_request_is_removed_and_never_shown_again(post: Post) -> None:
    """Errors are retried; then the message, our copy and its thumbnail are removed, and no message is behind."""
    job = await post.steps.delivered()
    ours = post.spool.path_of(f"{job.id}.png")
    thumbnail = post.spool.path_of(f"{job.id}.thumb.webp")
    for file in (ours, thumbnail):
        await asyncio.to_thread(file.write_bytes, b"picture")
    assert await post.store.delete(job.request_id, 1)
    post.fallback_chain.answers += [DeliveryTrouble("HTTP 503")] * 3
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert (post.fallback_chain.removed, post.fallback_chain.shown) == ([job.request_id], [])
    assert not await asyncio.to_thread(ours.exists)
    assert not await asyncio.to_thread(thumbnail.exists)
    assert (await post.store.job(job.id)).picture_file is None
    assert await post.store.requests_behind() == []


async def test_picture_that_arrives_after_its_message_was_deleted_is_kept(post: Post) -> None:
    """An abandoned order is answered after all: the picture is paid for, and can be collected."""
    job = await post.steps.submitting()
    await post.store.uncertain(job.id, BotError("x"))
    await post.store.cancelled(job.id)
    assert await post.store.delete(job.request_id, 1)
    assert await post.store.submitted(job.id, OWNER, Submission(task_id="late"), None)
    assert await post.store.fetched(job.id, f"{job.id}.png", PICTURE)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    kept = await post.store.job(job.id)
    assert (kept.state, kept.picture_file) == (JobState.READY, f"{job.id}.png")
    assert post.fallback_chain.shown == []


async def test_file_referenced_by_a_waiting_order_outlives_its_message(post: Post) -> None:
    """Bigger was pressed, then Delete: the order still finds its picture; afterwards the file may be removed."""
    job = await post.steps.delivered()
    reference = NewReference(url="", name="x", file_name=f"{job.id}.png")
    waiting = await post.store.view(await post.store.accept(replace(new_request(), references=(reference,))))
    assert await post.store.delete(job.request_id, 1)
    post.reconciler.refresh([job.request_id])
    await post.idle()
    assert post.fallback_chain.removed == [job.request_id]
    assert (await post.store.job(job.id)).picture_file == f"{job.id}.png"
    later = post.clock.now() + timedelta(days=9)
    assert await post.store.finished_files(later, most=9) == []
    await post.store.cancelled(waiting.jobs[0].id)
    assert await post.store.finished_files(later, most=9) == [job.id]


async def test_request_made_private_during_an_edit_is_shown_again_and_leaves_nothing(post: Post) -> None:
    """The picture is uploaded again to the private message; the public message that had it is deleted."""
    view = await post.store.view(await post.store.accept(new_request(count=2)))
    first = view.jobs[0]
    await post.store.admit(OWNER, most=1)
    await post.store.begin_submit(first.id, OWNER)
    await post.store.submitted(first.id, OWNER, Submission(task_id="t"), None)
    await post.store.fetched(first.id, f"{first.id}.png", PICTURE)

    async def meanwhile() -> None:
        in_a_while = post.clock.now() + timedelta(minutes=15)
        press = TokenLease(token="of the press", expires_at=in_a_while, message_id=70)
        assert await post.store.moves.move_to_private(view.request.id, press)
        post.reconciler.refresh([view.request.id])

    post.fallback_chain.answers.append(meanwhile)
    post.reconciler.refresh([view.request.id])
    await post.idle()
    assert [[upload.fitted is not None for upload in uploads] for _, _, uploads, _ in post.fallback_chain.shown] == [
        [True]
    ] * 2
    assert post.fallback_chain.removed == [view.request.id]
    assert (await post.store.job(first.id)).state is JobState.DELIVERED
    assert await post.store.moves.left(view.request.id) == []
    assert await post.store.requests_behind() == []
