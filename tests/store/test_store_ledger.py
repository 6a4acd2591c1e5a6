"""Every credit is accounted for: the ledger of every path of a job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.domain.credits import MICRO
from bot.domain.errors import (
    BalanceError,
    BotError,
    Cost,
    InvalidKeyError,
    PictureError,
    PlatformError,
    RateLimitedError,
    Refusal,
    TaskFailedError,
    TaskTimeoutError,
)
from bot.domain.job import JobState
from bot.domain.picture import MAX_JOBS
from bot.ports import Submission, TaskState, TaskStatus
from tests.store.conftest import StoreHarness
from tests.support.build import ALICE, GUILD, PICTURE
from tests.support.clock import START, FakeClock
from tests.support.steps import LOST, OWNER, Steps, Store, known

P = MICRO
Path = Callable[[Store, Steps], Awaitable[int]]


async def delivered(_: Store, steps: Steps) -> int:
    """The normal path."""
    return (await steps.delivered()).id


async def cancelled(store: Store, steps: Steps) -> int:
    """Cancelled while it waited."""
    return known(await store.cancelled((await steps.queued()).id)).id


async def refused(store: Store, steps: Steps) -> int:
    """Refused by the provider."""
    return known(await store.failed((await steps.submitting()).id, PlatformError("HTTP 500"), Cost.NOTHING)).id


async def failed_and_refunded(store: Store, steps: Steps) -> int:
    """The provider accepted it and reported a failure."""
    return known(await store.failed((await steps.running()).id, TaskFailedError("failed"), Cost.NOTHING)).id


async def failed_and_charged(store: Store, steps: Steps) -> int:
    """The picture was made but could not be downloaded."""
    return known(await store.failed((await steps.running()).id, PictureError("result_gone", "gone"), Cost.CHARGED)).id


async def never_finished(store: Store, steps: Steps) -> int:
    """The provider accepted it and never finished it."""
    return known(await store.failed((await steps.running()).id, TaskTimeoutError("late"), Cost.POSSIBLY)).id


async def failed_possibly_charged(store: Store, steps: Steps) -> int:
    """Ended before an answer, possibly charged."""
    return known(await store.failed((await steps.submitting()).id, BotError("unknown"), Cost.POSSIBLY)).id


async def uncertain(_: Store, steps: Steps) -> int:
    """Waiting for its member's decision."""
    return (await steps.uncertain()).id


async def dropped(store: Store, steps: Steps) -> int:
    """Dropped by its member."""
    return known(await store.cancelled((await steps.uncertain()).id)).id


async def late_answer(store: Store, steps: Steps) -> int:
    """The provider's answer arrived late."""
    job = await steps.uncertain()
    return known(await store.submitted(job.id, OWNER, Submission(task_id="late"), None)).id


async def late_answer_after_drop(store: Store, steps: Steps) -> int:
    """The provider's answer arrived after the member had dropped the job."""
    job = await steps.uncertain()
    await store.cancelled(job.id)
    return known(await store.submitted(job.id, OWNER, Submission(task_id="late"), None)).id


async def late_answer_then_failed(store: Store, steps: Steps) -> int:
    """The provider's late answer led to a failure that is refunded."""
    job_id = await late_answer(store, steps)
    return known(await store.failed(job_id, TaskFailedError("failed"), Cost.NOTHING)).id


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (delivered, [("reserve", P), ("charge", P)]),
        (cancelled, [("reserve", P), ("release", P)]),
        (refused, [("reserve", P), ("release", P)]),
        (failed_and_refunded, [("reserve", P), ("charge", P), ("refund", P)]),
        (failed_and_charged, [("reserve", P), ("charge", P)]),
        (never_finished, [("reserve", P), ("charge", P)]),
        (failed_possibly_charged, [("reserve", P), ("uncertain", P)]),
        (uncertain, [("reserve", P), ("uncertain", P)]),
        (dropped, [("reserve", P), ("uncertain", P)]),
        (late_answer, [("reserve", P), ("uncertain", P), ("adjust", -P), ("charge", P)]),
        (late_answer_after_drop, [("reserve", P), ("uncertain", P), ("adjust", -P), ("charge", P)]),
        (late_answer_then_failed, [("reserve", P), ("uncertain", P), ("adjust", -P), ("charge", P), ("refund", P)]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_ledger_of_each_path(
    path: Path, expected: list[tuple[str, int]], store: Store, steps: Steps, books: StoreHarness
) -> None:
    """Each path writes exactly these rows, and the rows that close the reserve add up to it."""
    rows = books.ledger(await path(store, steps))
    assert rows == expected
    closing = sum(amount for kind, amount in rows if kind in {"charge", "release", "uncertain", "adjust"})
    assert closing == P


async def test_waiting_job_keeps_its_reserve(store: Store, steps: Steps, books: StoreHarness) -> None:
    """However often a job is requeued, it reserves once and nothing is released or charged."""
    job = await steps.queued()
    for error in (BalanceError("empty"), InvalidKeyError("no"), RateLimitedError("slow")):
        await store.admit(OWNER, most=1)
        await store.begin_submit(job.id, OWNER)
        assert await store.back_to_queue(job.id, OWNER, error, None)
    assert books.ledger(job.id) == [("reserve", P)]


async def test_retry_is_a_new_job_with_its_own_reserve(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Ordering again adds a reserve at the same price; the first job's possible charge stays recorded."""
    old = await steps.uncertain(price_microcredits=3 * P)
    new = known(await store.retry(old.id))
    assert (new.state, new.request_id, new.position, new.price_microcredits) == (
        JobState.QUEUED, old.request_id, old.position, 3 * P,
    )  # fmt: skip
    assert books.ledger(old.id) == [("reserve", 3 * P), ("uncertain", 3 * P)]
    assert books.ledger(new.id) == [("reserve", 3 * P)]
    assert (await store.job(old.id)).retried_by == new.id


async def test_number_of_attempts_of_a_request_is_limited(store: Store, steps: Steps, books: StoreHarness) -> None:
    """A message shows ten files: a further retry is refused, and the job remains uncertain."""
    job = await steps.uncertain()
    for _ in range(MAX_JOBS - 1):
        job = known(await store.retry(job.id))
        await store.admit(OWNER, most=1)
        await store.begin_submit(job.id, OWNER)
        job = known(await store.uncertain(job.id, LOST))
    with pytest.raises(Refusal, match="too_many_attempts"):
        await store.retry(job.id)
    assert len((await store.view(job.request_id)).jobs) == MAX_JOBS
    assert (await store.job(job.id)).retried_by is None
    assert books.faults() == []


async def test_an_uncertain_job_is_decided_once(store: Store, steps: Steps, books: StoreHarness) -> None:
    """After ordering again there is nothing to drop or to order again; the same after dropping."""
    ordered = await steps.uncertain()
    new = known(await store.retry(ordered.id))
    assert await store.retry(ordered.id) is None
    assert await store.cancelled(ordered.id) is None
    given_up = await steps.uncertain()
    await store.cancelled(given_up.id)
    assert await store.retry(given_up.id) is None
    assert await store.cancelled(given_up.id) is None
    assert len(books.ledger()) == 5
    assert books.ledger(new.id) == [("reserve", P)]


async def test_late_answer_to_a_retried_order_still_counts(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Both pictures are paid for: the first order's task is recorded, and the second continues."""
    old = await steps.uncertain()
    new = known(await store.retry(old.id))
    late = known(await store.submitted(old.id, OWNER, Submission(task_id="late"), None))
    assert (late.state, late.task_id) == (JobState.RUNNING, "late")
    assert (await store.job(new.id)).state is JobState.QUEUED
    assert books.ledger(old.id)[-2:] == [("adjust", -P), ("charge", P)]


async def test_second_answer_charges_nothing_more(store: Store, steps: Steps, books: StoreHarness) -> None:
    """A job is charged once, whatever arrives later."""
    job = await steps.running()
    assert await store.submitted(job.id, OWNER, Submission(task_id="other"), None) is None
    assert (await store.job(job.id)).task_id == f"task-{job.id}"
    assert books.ledger(job.id) == [("reserve", P), ("charge", P)]


async def test_price_is_fixed_at_acceptance(store: Store, steps: Steps, books: StoreHarness) -> None:
    """A provider's own figure is recorded beside the price and changes no sum."""
    job = await steps.submitting(price_microcredits=1_333_333)
    done = known(await store.submitted(job.id, OWNER, Submission(task_id="t", reported_cost=0.101), None))
    assert done.reported_cost == 0.101
    assert books.ledger(job.id) == [("reserve", 1_333_333), ("charge", 1_333_333)]


async def test_providers_last_cost_and_resolution_are_stored(
    store: Store, steps: Steps, books: StoreHarness, clock: FakeClock
) -> None:
    """The poll's values replace those of the submit, and are summed up once, on the day of the charge."""
    job = await steps.submitting(price_microcredits=1_333_333)
    await store.submitted(job.id, OWNER, Submission(task_id="t", reported_cost=1, effective_resolution="2K"), None)
    clock.shift(86_400)
    done = TaskStatus(state=TaskState.SUCCEEDED, reported_cost=1.5, effective_resolution="1K")
    made = known(await store.fetched(job.id, "1.png", PICTURE, done))
    assert (made.reported_cost, made.effective_resolution) == (1.5, "1K")
    [day] = [row for row in books.rows("usage_servers") if row["reported_microcredits"]]
    assert (day["day"], day["reported_microcredits"], day["reported_for_microcredits"]) == (
        START.date().isoformat(), 1_500_000, 1_333_333,
    )  # fmt: skip
    silent = await steps.submitting()
    await store.submitted(silent.id, OWNER, Submission(task_id="u", reported_cost=2, effective_resolution="4K"), None)
    kept = known(await store.fetched(silent.id, "2.png", PICTURE))
    assert (kept.reported_cost, kept.effective_resolution) == (2, "4K")
    assert books.faults() == []


async def test_every_balance_error_is_recorded_verbatim(store: Store, steps: Steps, books: StoreHarness) -> None:
    """Time, job, member, server, status, code, message and request id, in the transaction that requeues the job."""
    job = await steps.submitting()
    error = BalanceError(
        "pre-consume failed", http_status=403, provider_code="insufficient_user_quota", request_id="req-9"
    )
    await store.back_to_queue(job.id, OWNER, error, None)
    (row,) = books.rows("balance_errors")
    assert row == {
        "id": 1,
        "at": int(START.timestamp() * 1_000),
        "job_id": job.id,
        "user_id": ALICE,
        "guild_id": GUILD,
        "http_status": 403,
        "code": "insufficient_user_quota",
        "message": "pre-consume failed",
        "request_id": "req-9",
    }


async def test_only_balance_errors_go_into_their_table(store: Store, steps: Steps, books: StoreHarness) -> None:
    """A refused key or a slow-down is not an empty balance."""
    for error in (InvalidKeyError("no", http_status=401), RateLimitedError("slow", http_status=429)):
        await store.back_to_queue((await steps.submitting()).id, OWNER, error, None)
    assert books.rows("balance_errors") == []


async def test_balance_error_is_recorded_even_if_the_job_was_taken_over(
    store: Store, steps: Steps, books: StoreHarness
) -> None:
    """The provider reported it, whichever process owns the job now."""
    job = await steps.submitting()
    await store.adopt("another-process")
    assert await store.back_to_queue(job.id, OWNER, BalanceError("empty", http_status=402), None) is None
    assert [row["http_status"] for row in books.rows("balance_errors")] == [402]
    assert (await store.job(job.id)).state is JobState.SUBMITTING
