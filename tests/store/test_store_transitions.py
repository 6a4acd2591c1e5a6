"""Every transition is guarded: it happens once, from the expected state, for the right owner, and writes an event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.domain.errors import BotError, Cost, PlatformError, RateLimitedError, UnavailableError
from bot.domain.job import TRANSITIONS, Job, JobState
from bot.ports import PictureSource, ShownPicture, Submission
from tests.store.conftest import StoreHarness
from tests.support.build import PICTURE
from tests.support.clock import START, FakeClock
from tests.support.steps import LOST, OWNER, Steps, Store, known

S = JobState
Step = Callable[[Store, int], Awaitable[Job | None]]

STEPS: dict[str, tuple[Step, set[JobState], JobState]] = {
    "begin_submit": (lambda s, j: s.begin_submit(j, OWNER), {S.QUEUED}, S.SUBMITTING),
    "submitted": (
        lambda s, j: s.submitted(j, OWNER, Submission(task_id="t"), None),
        {S.SUBMITTING, S.UNCERTAIN},  # and a dropped uncertain job: see the ledger's tests
        S.RUNNING,
    ),
    "back_to_queue": (lambda s, j: s.back_to_queue(j, OWNER, RateLimitedError("slow"), None), {S.SUBMITTING}, S.QUEUED),
    "uncertain": (lambda s, j: s.uncertain(j, LOST), {S.SUBMITTING}, S.UNCERTAIN),
    "failed": (
        lambda s, j: s.failed(j, PlatformError("HTTP 500"), Cost.NOTHING),
        {S.QUEUED, S.SUBMITTING, S.RUNNING},
        S.FAILED,
    ),
    "fetched": (lambda s, j: s.fetched(j, f"{j}.png", PICTURE), {S.RUNNING}, S.FETCHED),
    "ready": (lambda s, j: s.ready(j, "nowhere to post it"), {S.FETCHED}, S.READY),
    "cancelled": (lambda s, j: s.cancelled(j), {S.QUEUED, S.UNCERTAIN}, S.CANCELLED),
}


async def in_state(state: JobState, store: Store, steps: Steps) -> Job:
    """A job taken to a state by the normal steps."""
    match state:
        case S.QUEUED:
            return await steps.called_up()
        case S.SUBMITTING:
            return await steps.submitting()
        case S.UNCERTAIN:
            return await steps.uncertain()
        case S.RUNNING:
            return await steps.running()
        case S.FETCHED:
            return await steps.fetched()
        case S.DELIVERED:
            return await steps.delivered()
        case S.READY:
            return known(await store.ready((await steps.fetched()).id, "nowhere to post it"))
        case S.FAILED:
            return known(await store.failed((await steps.running()).id, BotError("x"), Cost.NOTHING))
        case S.CANCELLED:
            return known(await store.cancelled((await steps.queued()).id))


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("name", STEPS)
async def test_step_happens_only_from_its_states(
    name: str, state: JobState, store: Store, steps: Steps, books: StoreHarness
) -> None:
    """From an expected state the step happens and writes one event; otherwise it returns None and writes nothing."""
    step, expected, after = STEPS[name]
    job = await in_state(state, store, steps)
    version = (await store.view(job.request_id)).request.version
    before = (books.events(job.id), books.ledger(job.id), books.rows("usage_daily"))
    moved = await step(store, job.id)
    now = await store.job(job.id)
    if state in expected:
        assert moved == now
        assert now.state is after
        assert after in TRANSITIONS[state]
        assert len(books.events(job.id)) == len(before[0]) + 1
        assert books.events(job.id)[-1][1] == after.value
        assert (await store.view(job.request_id)).request.version == version + 1
    else:
        assert moved is None
        assert now == job
        assert (books.events(job.id), books.ledger(job.id), books.rows("usage_daily")) == before
        assert (await store.view(job.request_id)).request.version == version


@pytest.mark.parametrize("name", STEPS)
async def test_of_two_at_once_one_wins(name: str, store: Store, steps: Steps) -> None:
    """Two callers take the same step concurrently: one gets the job, the other None."""
    step, expected, _ = STEPS[name]
    job = await in_state(min(expected), store, steps)
    results = await asyncio.gather(step(store, job.id), step(store, job.id))
    assert sorted(result is None for result in results) == [False, True]


@pytest.mark.parametrize("name", ["begin_submit", "back_to_queue"])
async def test_step_of_a_process_that_lost_its_job_does_not_happen(name: str, store: Store, steps: Steps) -> None:
    """After another process has taken a job over, the frozen one cannot submit it or move it back."""
    step, expected, _ = STEPS[name]
    job = await in_state(min(expected), store, steps)
    await store.adopt("another-process")
    if job.state is S.QUEUED:
        await store.admit("another-process", most=1)
    assert await step(store, job.id) is None
    assert (await store.job(job.id)).state is job.state


async def test_history_has_every_transition(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Every transition appends one event with its resulting state."""
    job = await steps.called_up()
    await store.begin_submit(job.id, OWNER)
    await store.back_to_queue(job.id, OWNER, UnavailableError("busy"), None)
    await store.admit(OWNER, most=1)
    await store.begin_submit(job.id, OWNER)
    await store.submitted(job.id, OWNER, Submission(task_id="t"), None)
    await store.fetched(job.id, "1.png", PICTURE)
    await store.note_shown(job.request_id, await steps.shown_with(job))
    assert books.events(job.id) == [
        ("accepted", "queued"),
        ("submitting", "submitting"),
        ("returned:unavailable", "queued"),
        ("submitting", "submitting"),
        ("submitted", "running"),
        ("fetched", "fetched"),
        ("delivered", "delivered"),
    ]


async def test_history_of_an_uncertain_job_has_the_decision(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Ordering again and dropping are recorded."""
    retried, dropped = await steps.uncertain(), await steps.uncertain()
    await store.retry(retried.id)
    await store.cancelled(dropped.id)
    assert books.events(retried.id)[-2:] == [("uncertain", "uncertain"), ("retried", "uncertain")]
    assert books.events(dropped.id)[-1] == ("cancelled", "cancelled")


async def test_running_job_stores_task_and_times(store: Store, steps: Steps, clock: FakeClock) -> None:
    """The task id, the submit time and the expected time: what a restart needs."""
    job = await steps.called_up()
    clock.shift(5)
    await store.begin_submit(job.id, OWNER)
    eta_at = clock.now() + timedelta(seconds=40)
    running = known(await store.submitted(job.id, OWNER, Submission(task_id="task-x", request_id="r"), eta_at))
    assert (running.task_id, running.submitted_at, running.eta_at) == ("task-x", START + timedelta(seconds=5), eta_at)
    assert (running.result_url, running.finished_at, running.cost) == (None, None, Cost.CHARGED)


async def test_inline_answer_stores_its_url(store: Store, steps: Steps) -> None:
    """Without a task id, the URL is the only reference to a paid picture."""
    job = await steps.submitting()
    submission = Submission(source=PictureSource(url="https://result.example/1.png"))
    running = known(await store.submitted(job.id, OWNER, submission, None))
    assert (running.task_id, running.result_url) == (None, "https://result.example/1.png")


async def test_failed_job_stores_reason_and_cost(store: Store, steps: Steps, clock: FakeClock) -> None:
    """The card is rendered from these columns alone."""
    job = await steps.running()
    clock.shift(9)
    failed = known(await store.failed(job.id, PlatformError("upstream says no"), Cost.POSSIBLY))
    assert (failed.error_code, failed.error_text, failed.cost, failed.finished_at, failed.owner) == (
        "platform_error", "upstream says no", Cost.POSSIBLY, START + timedelta(seconds=9), None,
    )  # fmt: skip


async def test_delivered_job_stores_its_attachment(store: Store, steps: Steps) -> None:
    """Its attachment's id and name let later edits keep the picture without uploading it again."""
    job = await steps.delivered()
    assert (job.state, job.attachment_id, job.attachment_name) == (S.DELIVERED, 501, f"imagine-{job.id}.png")
    request = (await store.view(job.request_id)).request
    assert (request.message_id, request.shown, request.edits) == (700 + job.request_id, "with picture", 1)


async def test_kept_picture_can_still_be_delivered(store: Store, steps: Steps) -> None:
    """A picture that could not be posted is paid for: showing it later delivers it."""
    ready = known(await store.ready((await steps.fetched()).id, "nowhere"))
    shown = await steps.shown_with(ready)
    await store.note_shown(ready.request_id, shown)
    await store.note_shown(ready.request_id, shown)
    assert (await store.job(ready.id)).state is S.DELIVERED


async def test_delivering_again_only_updates_the_attachment(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Delivery is idempotent: the second time adds no event and no count, but the new attachment's id."""
    job = await steps.delivered()
    before = (books.events(job.id), books.rows("usage_daily"))
    shown = await steps.shown_with(job, attachment_id=777)
    assert shown.pictures[job.id] == ShownPicture(attachment_id=777, file_name=f"imagine-{job.id}.png")
    await store.note_shown(job.request_id, shown)
    assert (await store.job(job.id)).attachment_id == 777
    assert (books.events(job.id), books.rows("usage_daily")) == before
