"""Jobs that their member cancelled while running: their outcome, and their credits."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.credits import MICRO
from bot.domain.errors import BalanceError, Cost, TaskFailedError
from bot.domain.job import JobState
from bot.ports import Submission
from tests.store.conftest import StoreHarness
from tests.support.build import ALICE, PICTURE
from tests.support.steps import LOST, OWNER, Steps, Store, known

S = JobState


async def test_picture_is_kept_and_never_posted(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Fetched and kept are one step, so no crash comes between; the ledger is that of a delivered job."""
    job = await steps.running()
    assert known(await store.withdrawn(job.id)).state is S.RUNNING
    assert known(await store.fetched(job.id, "1.png", PICTURE)).state is S.READY
    assert books.ledger(job.id) == [("reserve", MICRO), ("charge", MICRO)]
    assert [event for event, _ in books.events(job.id)][-3:] == ["withdrawn", "fetched", "ready"]


async def test_answer_to_its_order_still_counts(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Cancelled between the POST and its answer, the job is charged and polled like any other."""
    job = await steps.submitting()
    await store.withdrawn(job.id)
    assert known(await store.submitted(job.id, OWNER, Submission(task_id="t"), None)).state is S.RUNNING
    assert known(await store.fetched(job.id, "1.png", PICTURE)).state is S.READY
    assert books.ledger(job.id) == [("reserve", MICRO), ("charge", MICRO)]


async def test_withdrawn_job_is_not_sent_again(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Where it would be requeued it ends instead, for free."""
    job = await steps.submitting()
    await store.withdrawn(job.id)
    ended = known(await store.back_to_queue(job.id, OWNER, BalanceError("empty"), None))
    assert ended.state is S.CANCELLED
    assert books.ledger(job.id) == [("reserve", MICRO), ("release", MICRO)]


async def test_unknown_outcome_is_no_question_any_more(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Its member has decided already: dropped, with its possible charge; a late answer is still kept for them."""
    job = await steps.submitting()
    await store.withdrawn(job.id)
    ended = known(await store.uncertain(job.id, LOST))
    assert (ended.state, ended.cost) == (S.CANCELLED, Cost.POSSIBLY)
    assert books.ledger(job.id) == [("reserve", MICRO), ("uncertain", MICRO)]
    await store.submitted(job.id, OWNER, Submission(task_id="late"), None)
    assert known(await store.fetched(job.id, "1.png", PICTURE)).state is S.READY
    assert [amount for kind, amount in books.ledger(job.id) if kind != "reserve"] == [MICRO, -MICRO, MICRO]


async def test_failure_is_refunded_as_usual(store: Store, steps: Steps, books: StoreHarness) -> None:
    """A job that ends without a picture ends the same way."""
    job = await steps.running()
    await store.withdrawn(job.id)
    assert known(await store.failed(job.id, TaskFailedError("no"), Cost.NOTHING)).state is S.FAILED
    assert books.ledger(job.id)[-1] == ("refund", MICRO)


@pytest.mark.parametrize("state", ["queued", "uncertain", "fetched", "delivered"])
async def test_only_running_jobs_are_withdrawn(state: str, store: Store, steps: Steps) -> None:
    """A finished picture is posted, whatever is pressed later; a waiting job is cancelled instead."""
    job = await getattr(steps, state)()
    assert await store.withdrawn(job.id) is None
    assert await store.job(job.id) == job


async def test_of_two_clicks_one_counts(store: Store, steps: Steps, books: StoreHarness) -> None:
    """The second finds it withdrawn already; the message is left behind its rows once."""
    job = await steps.running()
    version = (await store.view(job.request_id)).request.version
    results = await asyncio.gather(store.withdrawn(job.id), store.withdrawn(job.id))
    assert sorted(result is None for result in results) == [False, True]
    assert [event for event, _ in books.events(job.id)].count("withdrawn") == 1
    assert (await store.view(job.request_id)).request.version == version + 1


async def test_concurrent_click_and_picture_have_one_outcome(store: Store, steps: Steps) -> None:
    """Whichever is first: posted and not withdrawn, or withdrawn and kept."""
    for order in ((0, 1), (1, 0)):
        job = await steps.running(user_id=ALICE + order[0])
        both = [store.withdrawn(job.id), store.fetched(job.id, f"{job.id}.png", PICTURE)]
        await asyncio.gather(*(both[number] for number in order))
        now = await store.job(job.id)
        assert (now.state is S.READY) == (now.withdrawn_at is not None)
        assert now.state in {S.READY, S.FETCHED}
