"""From the queue to the provider: one POST a job, and the handling of a failed POST."""

from __future__ import annotations

import pytest

from bot.domain.errors import (
    BadRequestError,
    ContentRefusedError,
    Cost,
    OutcomeUnknownError,
    PlatformError,
    ProviderError,
    RateLimitedError,
    StoreError,
    UnavailableError,
    UnreachableError,
)
from bot.domain.job import JobState
from bot.ports import PictureSource, Submission
from tests.support.build import BOB
from tests.support.pipeline_harness import PipelineHarness
from tests.support.provider import INLINE


async def usage(pipeline_harness: PipelineHarness) -> dict[str, int]:
    """Spent and possibly spent micro-credits, and counts, in total."""
    rows = await pipeline_harness.store.usage(None)
    columns = ("requested", "failed", "uncertain", "spent_microcredits", "possible_microcredits")
    return {column: sum(getattr(row, column) for row in rows) for column in columns}


async def test_picture_is_fetched_with_one_post(pipeline_harness: PipelineHarness) -> None:
    """Accepted, submitted, polled, downloaded, verified, recorded, shown: one POST, one charge."""
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(prompt="a fox"), JobState.FETCHED)
    assert pipeline_harness.provider.posts == ["a fox"]
    assert job.picture is not None
    assert (job.picture.format, job.picture.width, job.task_id) == ("PNG", 16, "task-1")
    assert pipeline_harness.spool.path_of(job.picture_file or "").exists()
    await pipeline_harness.shown(job, times=2)
    assert (await usage(pipeline_harness))["spent_microcredits"] == job.price_microcredits


@pytest.mark.parametrize("error", [BadRequestError("400"), ContentRefusedError("no"), PlatformError("500")])
async def test_refused_job_fails_and_costs_nothing(error: ProviderError, pipeline_harness: PipelineHarness) -> None:
    """A rejection by the provider is shown at once, and the reserve is released."""
    pipeline_harness.provider.submits.append(error)
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == (error.code, Cost.NOTHING)
    assert (await usage(pipeline_harness))["spent_microcredits"] == 0
    await pipeline_harness.shown(job)


async def test_unknown_outcome_is_left_to_the_member(pipeline_harness: PipelineHarness) -> None:
    """A POST that may have arrived is never sent again automatically."""
    pipeline_harness.provider.submits.append(OutcomeUnknownError("connection lost"))
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.UNCERTAIN)
    await pipeline_harness.becomes(await pipeline_harness.imagine(user_id=BOB), JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 2
    assert (await usage(pipeline_harness))["possible_microcredits"] == job.price_microcredits


async def test_ordering_again_sends_one_more_post(pipeline_harness: PipelineHarness) -> None:
    """The member's decision makes a new job in the old one's position, with its own POST."""
    pipeline_harness.provider.submits.append(OutcomeUnknownError("connection lost"))
    await pipeline_harness.start()
    old = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.UNCERTAIN)
    new = await pipeline_harness.store.retry(old.id)
    pipeline_harness.wakeup.wake()
    assert new is not None
    await pipeline_harness.becomes(new, JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 2


async def test_unavailable_model_is_tried_six_times_with_growing_waits(pipeline_harness: PipelineHarness) -> None:
    """No capacity: about a minute of tries, then the failure is shown, and it cost nothing."""
    pipeline_harness.provider.submits += [UnavailableError("503")] * 9
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert len(pipeline_harness.provider.posts) == 6
    assert (job.error_code, job.cost) == ("unavailable", Cost.NOTHING)
    waited = (pipeline_harness.clock.now() - job.created_at).total_seconds()
    assert 40 <= waited <= 90


async def test_slow_downs_do_not_use_up_a_jobs_tries(pipeline_harness: PipelineHarness) -> None:
    """Six times 429, then once 503: the job has used one try, not seven."""
    pipeline_harness.provider.submits += [*[RateLimitedError("429")] * 6, UnavailableError("503")]
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 8


async def test_unreachable_provider_is_retried(pipeline_harness: PipelineHarness) -> None:
    """Without a connection nothing was sent: the job is retried until there is one, at most a minute apart."""
    pipeline_harness.provider.submits += [UnreachableError("no route")] * 40
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 41
    assert max(pipeline_harness.clock.slept) <= 60
    assert job.cost is Cost.CHARGED


async def test_slow_down_holds_all_jobs_as_long_as_the_provider_says(pipeline_harness: PipelineHarness) -> None:
    """429 with Retry-After: nothing is submitted before, and then all continue in order."""
    pipeline_harness.provider.submits.append(RateLimitedError("429", retry_after_s=17))
    begun = pipeline_harness.clock.now()
    await pipeline_harness.start()
    first = await pipeline_harness.imagine(prompt="first")
    await pipeline_harness.posted(1)
    second = await pipeline_harness.imagine(prompt="second", user_id=BOB)
    await pipeline_harness.becomes(first, JobState.FETCHED)
    await pipeline_harness.becomes(second, JobState.FETCHED)
    assert sorted(pipeline_harness.provider.posts) == ["first", "first", "second"]
    submitted_at = (await pipeline_harness.store.job(first.id)).submitted_at
    assert submitted_at is not None
    assert (submitted_at - begun).total_seconds() >= 17


async def test_submit_response_with_a_picture_url_needs_no_poll(pipeline_harness: PipelineHarness) -> None:
    """A submit call may return the finished picture: it is downloaded without a poll."""
    pipeline_harness.provider.submits.append(Submission(source=PictureSource(url="https://result.example/now.png")))
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert pipeline_harness.provider.polled == []
    assert [source.url for source in pipeline_harness.provider.downloaded] == ["https://result.example/now.png"]
    assert job.cost is Cost.CHARGED


async def test_inline_picture_is_stored_before_it_is_recorded(
    pipeline_harness: PipelineHarness,
) -> None:
    """Bytes in the response exist nowhere else: they are on disk before the response counts as recorded."""
    pipeline_harness.provider.submits.append(Submission(source=INLINE))
    pipeline_harness.store.trouble["submitted"] = 1
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.until(lambda: pipeline_harness.provider.downloaded == [INLINE])
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert pipeline_harness.provider.polled == []
    assert pipeline_harness.provider.downloaded == [INLINE]


async def test_inline_picture_survives_a_full_disk(pipeline_harness: PipelineHarness) -> None:
    """The disk rejects two writes; the picture is stored as soon as there is room."""
    pipeline_harness.provider.submits.append(Submission(source=INLINE))
    pipeline_harness.provider.downloads += [StoreError("No space left on device")] * 2
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 1
    assert len(pipeline_harness.provider.downloaded) == 3


async def test_unusable_inline_picture_fails_and_was_charged(pipeline_harness: PipelineHarness) -> None:
    """The provider delivered invalid bytes that can't be requested again: the failure is shown, with its cost."""
    pipeline_harness.provider.submits.append(Submission(source=INLINE))
    pipeline_harness.provider.downloads.append(b"this is no picture")
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == ("result_gone", Cost.CHARGED)


@pytest.mark.parametrize(
    ("answer", "write", "state"),
    [
        (None, "view", JobState.FETCHED),
        (None, "begin_submit", JobState.FETCHED),
        (None, "submitted", JobState.FETCHED),
        (None, "fetched", JobState.FETCHED),
        (BadRequestError("400"), "failed", JobState.FAILED),
        (OutcomeUnknownError("lost"), "uncertain", JobState.UNCERTAIN),
        (RateLimitedError("429"), "back_to_queue", JobState.FETCHED),
        (RateLimitedError("429"), "next_not_before", JobState.FETCHED),
        (RateLimitedError("429"), "admit", JobState.FETCHED),
    ],
)
async def test_database_errors_are_retried_at_every_step(
    answer: ProviderError | None, write: str, state: JobState, pipeline_harness: PipelineHarness
) -> None:
    """A database that fails four times loses no step, sends no second POST and ends no job."""
    if answer is not None:
        pipeline_harness.provider.submits.append(answer)
    job = await pipeline_harness.imagine()
    pipeline_harness.store.trouble[write] = 4
    await pipeline_harness.start()
    await pipeline_harness.until(lambda: pipeline_harness.store.trouble[write] == 0)
    await pipeline_harness.becomes(job, state)
    assert len(pipeline_harness.provider.posts) == (2 if isinstance(answer, RateLimitedError) else 1)


async def test_bug_during_the_post_leaves_the_job_uncertain(pipeline_harness: PipelineHarness) -> None:
    """An unexpected error must neither lose the job nor submit it again."""
    pipeline_harness.provider.submits.append(ZeroDivisionError("a bug"))
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.UNCERTAIN)
    await pipeline_harness.shown(job)
    assert len(pipeline_harness.provider.posts) == 1
