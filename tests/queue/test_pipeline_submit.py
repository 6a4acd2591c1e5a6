"""From the line to the provider: one POST a job, and what becomes of a job whose POST failed."""

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
from tests.support.pipeline_harness import Works
from tests.support.provider import INLINE


async def usage(works: Works) -> dict[str, int]:
    """Spent and possibly spent micro-credits, and counts, over everything."""
    rows = await works.store.usage(None)
    columns = ("requested", "failed", "uncertain", "spent_microcredits", "possible_microcredits")
    return {column: sum(getattr(row, column) for row in rows) for column in columns}


async def test_picture_is_fetched_with_one_post(works: Works) -> None:
    """Accepted, submitted, polled, downloaded, verified, recorded, shown: one POST, one charge."""
    await works.start()
    job = await works.becomes(await works.imagine(prompt="a fox"), JobState.FETCHED)
    assert works.provider.posts == ["a fox"]
    assert job.picture is not None
    assert (job.picture.format, job.picture.width, job.task_id) == ("PNG", 16, "task-1")
    assert works.spool.path_of(job.picture_file or "").exists()
    await works.shown(job, times=2)
    assert (await usage(works))["spent_microcredits"] == job.price_microcredits


@pytest.mark.parametrize("error", [BadRequestError("400"), ContentRefusedError("no"), PlatformError("500")])
async def test_refused_job_fails_and_costs_nothing(error: ProviderError, works: Works) -> None:
    """What the provider turns down is told at once, and its reserve is released."""
    works.provider.submits.append(error)
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == (error.code, Cost.NOTHING)
    assert (await usage(works))["spent_microcredits"] == 0
    await works.shown(job)


async def test_unknown_outcome_is_left_to_the_member(works: Works) -> None:
    """A POST that may have arrived is never sent again by itself."""
    works.provider.submits.append(OutcomeUnknownError("connection lost"))
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.UNCERTAIN)
    await works.becomes(await works.imagine(user_id=BOB), JobState.FETCHED)
    assert len(works.provider.posts) == 2
    assert (await usage(works))["possible_microcredits"] == job.price_microcredits


async def test_ordering_again_sends_one_more_post(works: Works) -> None:
    """The member's decision makes a new job in the old one's place, with one POST of its own."""
    works.provider.submits.append(OutcomeUnknownError("connection lost"))
    await works.start()
    old = await works.becomes(await works.imagine(), JobState.UNCERTAIN)
    new = await works.store.retry(old.id)
    works.admission.wake()
    assert new is not None
    await works.becomes(new, JobState.FETCHED)
    assert len(works.provider.posts) == 2


async def test_unavailable_model_is_tried_six_times_with_growing_waits(works: Works) -> None:
    """No capacity: about a minute of tries, then the member is told, and it cost nothing."""
    works.provider.submits += [UnavailableError("503")] * 9
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.FAILED)
    assert len(works.provider.posts) == 6
    assert (job.error_code, job.cost) == ("unavailable", Cost.NOTHING)
    waited = (works.clock.now() - job.created_at).total_seconds()
    assert 40 <= waited <= 90


async def test_slow_downs_do_not_use_up_a_jobs_tries(works: Works) -> None:
    """Six times 429, then once 503: the job has been tried once, not seven times."""
    works.provider.submits += [*[RateLimitedError("429")] * 6, UnavailableError("503")]
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    assert len(works.provider.posts) == 8


async def test_unreachable_provider_is_waited_for(works: Works) -> None:
    """Without a connection nothing was sent: the job is tried until there is one, at most a minute apart."""
    works.provider.submits += [UnreachableError("no route")] * 40
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.FETCHED)
    assert len(works.provider.posts) == 41
    assert max(works.clock.slept) <= 60
    assert job.cost is Cost.CHARGED


async def test_slow_down_holds_everybody_as_long_as_the_provider_says(works: Works) -> None:
    """429 with Retry-After: nobody submits before, and then all go on in their order."""
    works.provider.submits.append(RateLimitedError("429", retry_after_s=17))
    begun = works.clock.now()
    await works.start()
    first = await works.imagine(prompt="first")
    await works.posted(1)
    second = await works.imagine(prompt="second", user_id=BOB)
    await works.becomes(first, JobState.FETCHED)
    await works.becomes(second, JobState.FETCHED)
    assert sorted(works.provider.posts) == ["first", "first", "second"]
    submitted_at = (await works.store.job(first.id)).submitted_at
    assert submitted_at is not None
    assert (submitted_at - begun).total_seconds() >= 17


async def test_answer_with_the_address_of_the_picture_needs_no_poll(works: Works) -> None:
    """A submit call may answer with the finished picture: it is downloaded without a poll."""
    works.provider.submits.append(Submission(source=PictureSource(url="https://result.example/now.png")))
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.FETCHED)
    assert works.provider.polled == []
    assert [source.url for source in works.provider.downloaded] == ["https://result.example/now.png"]
    assert job.cost is Cost.CHARGED


async def test_answer_with_the_bytes_of_the_picture_is_kept_before_it_is_recorded(works: Works) -> None:
    """Bytes in the answer exist nowhere else: they are on disk before the answer counts as recorded."""
    works.provider.submits.append(Submission(source=INLINE))
    works.store.trouble["submitted"] = 1
    await works.start()
    job = await works.imagine()
    await works.until(lambda: works.provider.downloaded == [INLINE])
    await works.becomes(job, JobState.FETCHED)
    assert works.provider.polled == []
    assert works.provider.downloaded == [INLINE]


async def test_bytes_in_the_answer_survive_a_full_disk(works: Works) -> None:
    """The disk refuses twice; the picture is kept as soon as there is room."""
    works.provider.submits.append(Submission(source=INLINE))
    works.provider.downloads += [StoreError("No space left on device")] * 2
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    assert len(works.provider.posts) == 1
    assert len(works.provider.downloaded) == 3


async def test_answer_with_unusable_bytes_fails_and_was_charged(works: Works) -> None:
    """The provider delivered garbage and nothing can be asked for again: it is said, with its cost."""
    works.provider.submits.append(Submission(source=INLINE))
    works.provider.downloads.append(b"this is no picture")
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.FAILED)
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
async def test_database_trouble_is_waited_out_at_every_step(
    answer: ProviderError | None, write: str, state: JobState, works: Works
) -> None:
    """A database that fails four times loses no step, sends no second POST and ends no job."""
    if answer is not None:
        works.provider.submits.append(answer)
    job = await works.imagine()
    works.store.trouble[write] = 4
    await works.start()
    await works.until(lambda: works.store.trouble[write] == 0)
    await works.becomes(job, state)
    assert len(works.provider.posts) == (2 if isinstance(answer, RateLimitedError) else 1)


async def test_bug_during_the_post_leaves_the_job_uncertain(works: Works) -> None:
    """An error that nobody foresaw must neither lose the job nor submit it again."""
    works.provider.submits.append(ZeroDivisionError("a bug"))
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.UNCERTAIN)
    await works.shown(job)
    assert len(works.provider.posts) == 1
