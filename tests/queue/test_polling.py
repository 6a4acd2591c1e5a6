"""From an accepted task to a picture on disk, for every answer of the provider."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.domain.errors import (
    BotError,
    Cost,
    InvalidKeyError,
    OutcomeUnknownError,
    PictureError,
    PlatformError,
    RateLimitedError,
    StoreError,
    TaskUnknownError,
    UnreachableError,
)
from bot.domain.job import JobState
from bot.ports import PictureSource, TaskState, TaskStatus
from tests.support.pipeline_harness import PipelineHarness
from tests.support.provider import DONE, RUNNING

FAILED = TaskStatus(state=TaskState.FAILED)
GONE = PictureError("result_gone", "HTTP 404")


async def spent(pipeline_harness: PipelineHarness) -> int:
    """Micro-credits spent in total."""
    return sum(row.spent_microcredits for row in await pipeline_harness.store.usage(None))


async def test_polls_follow_the_guides_intervals(pipeline_harness: PipelineHarness) -> None:
    """First after 12 s, then every 3 to 5 s."""
    pipeline_harness.provider.polls += [RUNNING] * 20
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    at = pipeline_harness.provider.polled_at
    assert at[0] - pipeline_harness.provider.posted_at[0] == pytest.approx(12, abs=0.1)
    assert all(3 <= after - before <= 5 for before, after in pairwise(at))
    assert len(at) == 21


async def test_failed_task_is_refunded(pipeline_harness: PipelineHarness) -> None:
    """The provider reports a failure without any reason: it is shown, and it cost nothing."""
    pipeline_harness.provider.polls += [RUNNING, FAILED]
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == ("task_failed", Cost.NOTHING)
    assert await spent(pipeline_harness) == 0
    await pipeline_harness.shown(job, times=2)


async def test_partial_download_of_a_failed_task_is_deleted(pipeline_harness: PipelineHarness) -> None:
    """A download was interrupted, perhaps in an earlier process; then the provider says that the task failed."""
    pipeline_harness.provider.downloads.append(OutcomeUnknownError("the connection broke off"))
    pipeline_harness.provider.polls += [DONE, FAILED]
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    part = pipeline_harness.spool.incoming(job.id)
    part.write_bytes(b"half a pict")
    await pipeline_harness.becomes(job, JobState.FAILED)
    await pipeline_harness.until(lambda: not part.exists())


async def test_content_refusal_of_a_task_is_shown_as_one(pipeline_harness: PipelineHarness) -> None:
    """The member reads that the prompt was declined, not that something failed."""
    refused = TaskStatus(state=TaskState.FAILED, content_refused=True, error="unsafe", error_code="content_filter")
    pipeline_harness.provider.polls.append(refused)
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.error_text, job.cost) == ("content_refused", "unsafe", Cost.NOTHING)


@pytest.mark.parametrize(
    "trouble",
    [
        UnreachableError("no route"),
        OutcomeUnknownError("HTML instead of JSON"),
        PlatformError("502", http_status=502),
        RateLimitedError("429", http_status=429),
        InvalidKeyError("401", http_status=401),
        StoreError("no space left on device"),
    ],
    ids=lambda error: error.code,
)
async def test_poll_errors_never_fail_a_paid_job(trouble: BotError, pipeline_harness: PipelineHarness) -> None:
    """A paid picture is polled despite any error, with growing intervals up to a minute."""
    pipeline_harness.provider.polls += [trouble] * 25
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert job.cost is Cost.CHARGED
    waits = [
        after - before
        for before, after in zip(
            pipeline_harness.provider.polled_at, pipeline_harness.provider.polled_at[1:], strict=False
        )
    ]
    assert 40 < max(waits) <= 60.5


async def test_download_errors_are_retried_with_a_new_poll(pipeline_harness: PipelineHarness) -> None:
    """A dropped connection or a full disk during the download ends nothing."""
    pipeline_harness.provider.downloads += [
        UnreachableError("reset"),
        StoreError("disk full"),
        OutcomeUnknownError("cut off"),
    ]
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert len(pipeline_harness.provider.polled) == 4


@pytest.mark.parametrize(
    ("bad", "code"),
    [(GONE, "result_gone"), (b"<html>", "not_a_picture"), (PictureError("too_large", "65 MB"), "too_large")],
    ids=["gone", "not a picture", "too large"],
)
async def test_unusable_result_is_requested_three_times(
    bad: bytes | Exception, code: str, pipeline_harness: PipelineHarness
) -> None:
    """Each time with a new poll, which may return a new URL; then it fails, with its cost shown."""
    pipeline_harness.provider.downloads += [bad] * 3
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == (code, Cost.CHARGED)
    assert (len(pipeline_harness.provider.polled), len(pipeline_harness.provider.downloaded)) == (3, 3)
    assert await spent(pipeline_harness) == job.price_microcredits


async def test_result_that_reappears_is_accepted(pipeline_harness: PipelineHarness) -> None:
    """Missing twice, then there: the picture counts."""
    pipeline_harness.provider.downloads += [GONE, GONE]
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)


async def test_finished_task_without_a_picture_counts_as_gone(pipeline_harness: PipelineHarness) -> None:
    """The provider says "succeeded" and names no picture."""
    pipeline_harness.provider.polls += [TaskStatus(state=TaskState.SUCCEEDED)] * 3
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == ("result_gone", Cost.CHARGED)


async def test_inline_picture_in_the_poll_answer_is_accepted(pipeline_harness: PipelineHarness) -> None:
    """Base64 in a poll answer needs no URL."""
    inline = PictureSource(base64="made up; the provider client decodes it")
    pipeline_harness.provider.polls.append(TaskStatus(state=TaskState.SUCCEEDED, source=inline))
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert pipeline_harness.provider.downloaded == [inline]


async def test_task_counts_as_unknown_after_five_answers_in_a_row(pipeline_harness: PipelineHarness) -> None:
    """A provider that lost a task may have charged it: the card says so."""
    pipeline_harness.provider.polls += [TaskUnknownError("404")] * 5
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == ("task_unknown", Cost.POSSIBLY)


async def test_briefly_unknown_task_continues(pipeline_harness: PipelineHarness) -> None:
    """Four times unknown, then known, then four times more: the provider was only slow to register it."""
    pipeline_harness.provider.polls += [*[TaskUnknownError("404")] * 4, RUNNING, *[TaskUnknownError("404")] * 4]
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)


async def test_task_that_never_ends_times_out_after_an_hour(pipeline_harness: PipelineHarness) -> None:
    """Every few seconds for 20 minutes, then once a minute: only an observed failure is refunded."""
    pipeline_harness.provider.polls += [RUNNING] * 1_000
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == ("task_timeout", Cost.POSSIBLY)
    ages = [at - pipeline_harness.provider.posted_at[0] for at in pipeline_harness.provider.polled_at]
    assert 3_500 < ages[-1] <= 3_600
    assert 35 <= sum(age > 1_200 for age in ages) <= 41
    assert await spent(pipeline_harness) == job.price_microcredits


async def test_late_success_still_counts(pipeline_harness: PipelineHarness) -> None:
    """A picture that arrives after 40 minutes is delivered."""
    pipeline_harness.provider.polls += [RUNNING] * 320
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert pipeline_harness.clock.monotonic() > 1_200


async def test_durations_are_learned(pipeline_harness: PipelineHarness) -> None:
    """After three quick pictures the first poll comes sooner, within the guide's bounds."""
    await pipeline_harness.start()
    for number in range(4):
        job = await pipeline_harness.becomes(await pipeline_harness.imagine(user_id=100 + number), JobState.FETCHED)
        await pipeline_harness.shown(job, times=2)
    first_polls = [
        polled - posted
        for posted, polled in zip(pipeline_harness.provider.posted_at, pipeline_harness.provider.polled_at, strict=True)
    ]
    assert first_polls[0] == pytest.approx(12, abs=0.1)
    assert 10 <= first_polls[3] <= 20
