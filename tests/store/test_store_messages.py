"""What a request's message shows compared with its rows, and the tokens that edit it."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.job import JobState
from bot.ports import Shown, TokenLease
from tests.store.conftest import Opener
from tests.support.build import CHANNEL, PICTURE, new_request
from tests.support.clock import START, FakeClock
from tests.support.steps import OWNER, Steps, Store


async def note(store: Store, request_id: int, *, version: int, digest: str = "d", edited: bool = True) -> None:
    """Record that the message shows the rows of a version."""
    shown = Shown(digest=digest, version=version, edited=edited, by="interaction", message_id=70, channel_id=CHANNEL)
    await store.note_shown(request_id, shown)


async def test_new_request_is_behind_until_its_card_is_recorded(store: Store) -> None:
    """A process that ends between accepting and responding leaves a message to be sent."""
    request_id = await store.accept(new_request())
    assert await store.requests_behind() == [request_id]
    await note(store, request_id, version=1)
    assert await store.requests_behind() == []


async def test_every_change_of_a_job_leaves_its_message_behind(store: Store, steps: Steps) -> None:
    """Submitting, running and failing each require another refresh of the message."""
    job = await steps.called_up()
    await note(store, job.request_id, version=1)
    await store.begin_submit(job.id, OWNER)
    assert await store.requests_behind() == [job.request_id]
    await note(store, job.request_id, version=2)
    assert await store.requests_behind() == []


async def test_an_edit_of_older_rows_does_not_hide_a_change(store: Store, steps: Steps) -> None:
    """A job that changed while its message was being edited leaves the message behind."""
    job = await steps.called_up()
    before = (await store.view(job.request_id)).request.version
    await store.begin_submit(job.id, OWNER)
    await note(store, job.request_id, version=before)
    assert await store.requests_behind() == [job.request_id]


async def test_ordering_again_leaves_the_message_behind(store: Store, steps: Steps) -> None:
    """The new job is not on the message yet: a restart right after the decision has to show it."""
    job = await steps.uncertain()
    before = (await store.view(job.request_id)).request.version
    await note(store, job.request_id, version=before)
    await store.retry(job.id)
    assert await store.requests_behind() == [job.request_id]
    await note(store, job.request_id, version=before)
    assert await store.requests_behind() == [job.request_id]


async def test_delivery_itself_does_not_leave_the_message_behind(store: Store, steps: Steps) -> None:
    """Recording a shown picture changes its job, and the message already shows that."""
    job = await steps.delivered()
    assert job.state is JobState.DELIVERED
    assert await store.requests_behind() == []


async def test_delivery_together_with_a_newer_change_stays_behind(store: Store, steps: Steps) -> None:
    """Of two pictures in one message, one is delivered while the other has changed meanwhile: an edit is due."""
    first = await steps.running(count=2)
    second = (await store.view(first.request_id)).jobs[1]
    await store.fetched(first.id, "1.png", PICTURE)
    shown = await steps.shown_with(first)
    await store.begin_submit(second.id, OWNER)
    await store.note_shown(first.request_id, shown)
    assert (await store.job(first.id)).state is JobState.DELIVERED
    assert await store.requests_behind() == [first.request_id]


async def test_only_edits_are_counted(store: Store) -> None:
    """The initial response is no edit; each later edit counts, so that progress cannot use up too many."""
    request_id = await store.accept(new_request())
    await note(store, request_id, version=1, edited=False)
    assert (await store.view(request_id)).request.edits == 0
    await note(store, request_id, version=1)
    await note(store, request_id, version=1)
    assert (await store.view(request_id)).request.edits == 2


async def test_message_is_stored_until_another_replaces_it(store: Store) -> None:
    """Recording without a message keeps it; after a direct message, later edits go there."""
    request_id = await store.accept(new_request())
    await note(store, request_id, version=1)
    await store.note_shown(request_id, Shown(digest="d", version=1, edited=False, by="interaction"))
    assert (await store.view(request_id)).request.message_id == 70
    moved = Shown(digest="e", version=1, edited=False, by="dm", message_id=71, channel_id=404)
    await store.note_shown(request_id, moved)
    request = (await store.view(request_id)).request
    assert (request.message_id, request.channel_id, request.message_by, request.shown) == (71, 404, "dm", "e")
    assert request.origin.channel_id == CHANNEL


async def test_waiting_requests_are_ordered_and_unique(store: Store) -> None:
    """Those whose cards have to say that the balance is empty: waiting ones, each once."""
    two = await store.accept(new_request(count=2))
    one = await store.accept(new_request())
    assert await store.waiting_requests() == [two, one]
    assert await store.waiting() == 3
    cancelled = (await store.view(one)).jobs[0]
    await store.cancelled(cancelled.id)
    assert await store.waiting_requests() == [two]


async def test_expired_tokens_are_deleted(store: Store, clock: FakeClock) -> None:
    """A token is deleted once it has expired, not before, and not if only our clock says so."""
    short = await store.accept(new_request(token_lives_s=60))
    long = await store.accept(new_request(token_lives_s=1_800))
    clock.shift(899.999)
    assert await store.wipe_expired_tokens() == 0, "Discord's tokens live 15 minutes: it dates them by another clock"
    clock.shift(0.001)
    assert await store.wipe_expired_tokens() == 1
    assert await store.wipe_expired_tokens() == 0
    assert (await store.view(short)).request.token is None
    assert (await store.view(long)).request.token == "interaction-token"


async def test_dead_token_is_deleted_and_a_later_one_replaces_it(store: Store) -> None:
    """Discord rejects a token: it is deleted. A press on the message brings a new one with its own expiry."""
    request_id = await store.accept(new_request())
    await store.wipe_token(request_id)
    assert (await store.view(request_id)).request.token is None
    later = START + timedelta(hours=2)
    await store.renew_token(request_id, TokenLease(token="fresh", expires_at=later))
    request = (await store.view(request_id)).request
    assert (request.token, request.token_expires_at) == ("fresh", later)


async def test_facts_are_stored_across_restarts(open_store: Opener) -> None:
    """The digest of the registered commands survives the process; a new value replaces the old."""
    async with open_store() as store:
        assert await store.fact("commands") is None
        await store.remember("commands", "one")
        await store.remember("commands", "two")
    async with open_store() as store:
        assert await store.fact("commands") == "two"
