"""After a crash, every job continues from its last recorded step, and nothing is submitted twice."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import Cost
from bot.domain.job import Job, JobState
from bot.ports import PictureSource, Submission
from tests.support.pipeline_harness import PipelineHarness
from tests.support.provider import INLINE, PNG, RUNNING
from tests.support.steps import OWNER, known


async def on_disk(pipeline_harness: PipelineHarness, job: Job) -> None:
    """Store a job's finished picture as an earlier process would have."""
    await asyncio.to_thread(pipeline_harness.spool.incoming(job.id).write_bytes, PNG)
    await pipeline_harness.spool.admit(job.id)


async def test_job_found_submitting_is_uncertain(pipeline_harness: PipelineHarness) -> None:
    """It is unknown whether its POST arrived: it is not sent again, and its card says so."""
    job = await pipeline_harness.steps.submitting()
    await pipeline_harness.start()
    found = await pipeline_harness.becomes(job, JobState.UNCERTAIN)
    assert pipeline_harness.provider.posts == []
    assert found.cost is Cost.POSSIBLY
    assert await pipeline_harness.store.requests_behind() == [job.request_id]


async def test_job_found_submitting_with_its_picture_on_disk_continues(pipeline_harness: PipelineHarness) -> None:
    """The response was the picture itself and was stored: it is paid for, and shown."""
    job = await pipeline_harness.steps.submitting()
    await on_disk(pipeline_harness, job)
    await pipeline_harness.start()
    found = await pipeline_harness.becomes(job, JobState.FETCHED)
    assert (
        pipeline_harness.provider.posts,
        pipeline_harness.provider.polled,
        pipeline_harness.provider.downloaded,
    ) == ([], [], [])
    assert found.cost is Cost.CHARGED


async def test_job_found_running_is_polled_again(pipeline_harness: PipelineHarness) -> None:
    """A known task id is polled; nothing is submitted."""
    job = await pipeline_harness.steps.running()
    await pipeline_harness.start()
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert pipeline_harness.provider.posts == []
    assert pipeline_harness.provider.polled == [f"task-{job.id}"]


async def test_job_found_running_with_its_picture_on_disk_makes_no_request(pipeline_harness: PipelineHarness) -> None:
    """Downloaded but not recorded: the file on disk is enough."""
    job = await pipeline_harness.steps.running()
    await on_disk(pipeline_harness, job)
    await pipeline_harness.start()
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert (pipeline_harness.provider.polled, pipeline_harness.provider.downloaded) == ([], [])


async def test_job_found_running_with_a_partial_picture_downloads_again(pipeline_harness: PipelineHarness) -> None:
    """A download interrupted by the crash is discarded."""
    job = await pipeline_harness.steps.running()
    await asyncio.to_thread(pipeline_harness.spool.incoming(job.id).write_bytes, PNG[:20])
    await pipeline_harness.start()
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert len(pipeline_harness.provider.downloaded) == 1


async def test_job_found_running_after_hours_is_still_polled(pipeline_harness: PipelineHarness) -> None:
    """The bot was down for longer than the job time-out: the finished picture is still downloaded."""
    job = await pipeline_harness.steps.running()
    pipeline_harness.clock.shift(5 * 3_600)
    pipeline_harness.provider.polls.append(RUNNING)
    await pipeline_harness.start()
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert len(pipeline_harness.provider.polled) == 2


async def test_url_found_after_hours_is_still_tried(pipeline_harness: PipelineHarness) -> None:
    """The same for a picture of which only the URL is known."""
    job = await pipeline_harness.steps.submitting()
    submission = Submission(source=PictureSource(url="https://result.example/1.png"))
    known(await pipeline_harness.store.submitted(job.id, OWNER, submission, None))
    pipeline_harness.clock.shift(5 * 3_600)
    await pipeline_harness.start()
    await pipeline_harness.becomes(job, JobState.FETCHED)


async def test_job_found_fetched_is_left_to_the_reconciler(pipeline_harness: PipelineHarness) -> None:
    """Its picture is on disk; its message is behind, so the reconciler delivers it."""
    job = await pipeline_harness.steps.fetched()
    await on_disk(pipeline_harness, job)
    await pipeline_harness.start()
    assert await pipeline_harness.store.requests_behind() == [job.request_id]
    assert (pipeline_harness.provider.posts, pipeline_harness.provider.polled) == ([], [])
    assert (await pipeline_harness.store.job(job.id)).owner == OWNER


async def test_job_found_called_up_is_submitted_once(pipeline_harness: PipelineHarness) -> None:
    """It was called up and nothing was sent: it waits again, is called up again, and makes its one POST."""
    job = await pipeline_harness.steps.called_up()
    await pipeline_harness.start()
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert len(pipeline_harness.provider.posts) == 1


async def test_stopping_releases_polls_and_lets_submits_record_their_answer(pipeline_harness: PipelineHarness) -> None:
    """A stop waits for a response in flight, so that no job is uncertain after an orderly restart."""
    pipeline_harness.provider.answering.clear()
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.posted(1)
    pipeline_harness.admission.stop()
    closing = asyncio.create_task(pipeline_harness.pipeline.close(grace_s=5))
    await asyncio.sleep(0)
    pipeline_harness.provider.answering.set()
    await closing
    assert (await pipeline_harness.store.job(job.id)).state in {JobState.RUNNING, JobState.FETCHED}
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith(("submit-", "fetch-"))] == []


async def test_stop_does_not_wait_forever(pipeline_harness: PipelineHarness) -> None:
    """A POST that hangs is cut off after the grace period; the next start finds it submitting."""
    pipeline_harness.provider.answering.clear()
    await pipeline_harness.start()
    job = await pipeline_harness.imagine()
    await pipeline_harness.posted(1)
    pipeline_harness.admission.stop()
    await pipeline_harness.pipeline.close(grace_s=0.02)
    assert (await pipeline_harness.store.job(job.id)).state is JobState.SUBMITTING


async def test_job_found_fetched_without_its_file_is_fetched_again(pipeline_harness: PipelineHarness) -> None:
    """A backup restores rows, but no files: the provider is asked for the picture that is already paid for."""
    job = await pipeline_harness.steps.fetched()
    await pipeline_harness.start()
    await pipeline_harness.until(lambda: pipeline_harness.provider.polled == [f"task-{job.id}"])
    await pipeline_harness.until(lambda: pipeline_harness.spool.path_of(f"{job.id}.png").exists())
    found = await pipeline_harness.becomes(job, JobState.FETCHED)
    assert pipeline_harness.provider.posts == []
    assert found.cost is Cost.CHARGED


async def test_work_resumes_as_soon_as_the_disk_can_be_written(pipeline_harness: PipelineHarness) -> None:
    """A start on a full disk does not end: running jobs are taken over later, and nothing is submitted twice."""
    running, submitting = await pipeline_harness.steps.running(), await pipeline_harness.steps.submitting()
    pipeline_harness.store.trouble["adopt"] = 5
    pipeline_harness.store.trouble["uncertain"] = 2
    await pipeline_harness.start()
    await pipeline_harness.becomes(running, JobState.FETCHED)
    await pipeline_harness.becomes(submitting, JobState.UNCERTAIN)
    assert pipeline_harness.provider.posts == []


async def test_step_that_always_raises_ends_its_job(pipeline_harness: PipelineHarness) -> None:
    """An unexpected error is retried a few times with growing pauses; then the job fails, charged, and is shown."""
    job = await pipeline_harness.steps.running()
    pipeline_harness.provider.downloads.extend([UnicodeError("label empty or too long")] * 99)
    await pipeline_harness.start()
    failed = await pipeline_harness.becomes(job, JobState.FAILED)
    assert (failed.error_code, failed.cost) == ("internal", Cost.CHARGED)
    assert len(pipeline_harness.provider.downloaded) == 5
    await pipeline_harness.shown(job)
    other = await pipeline_harness.imagine()
    pipeline_harness.provider.downloads.clear()
    await pipeline_harness.becomes(other, JobState.FETCHED)


async def test_unexpected_errors_are_counted_across_restarts(pipeline_harness: PipelineHarness) -> None:
    """A restart does not reset the count."""
    job = await pipeline_harness.steps.running()
    for _ in range(4):
        await pipeline_harness.store.step_failed(job.id, "UnicodeError")
    pipeline_harness.provider.downloads.append(UnicodeError("label empty or too long"))
    await pipeline_harness.start()
    await pipeline_harness.becomes(job, JobState.FAILED)
    assert len(pipeline_harness.provider.downloaded) == 1


async def test_step_that_raises_occasionally_loses_no_picture(pipeline_harness: PipelineHarness) -> None:
    """Four unexpected errors, and then the picture arrives."""
    job = await pipeline_harness.steps.running()
    pipeline_harness.provider.downloads.extend([ZeroDivisionError()] * 4)
    await pipeline_harness.start()
    await pipeline_harness.becomes(job, JobState.FETCHED)


async def test_job_that_cannot_be_recovered_blocks_no_other(
    pipeline_harness: PipelineHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is logged and it is retried later; the bot starts."""
    bad, good = await pipeline_harness.steps.submitting(), await pipeline_harness.steps.running()
    find = pipeline_harness.spool.find

    async def raising(job_id: int) -> object:
        if job_id == bad.id:
            raise ZeroDivisionError
        return await find(job_id)

    monkeypatch.setattr(pipeline_harness.spool, "find", raising)
    await pipeline_harness.start()
    await pipeline_harness.becomes(good, JobState.FETCHED)
    await pipeline_harness.becomes(bad, JobState.UNCERTAIN)


async def test_unusable_inline_picture_still_counts_as_an_answer(
    pipeline_harness: PipelineHarness,
) -> None:
    """The order was accepted and is charged, whatever is raised while its picture is stored."""
    pipeline_harness.provider.submits.append(Submission(source=INLINE))
    pipeline_harness.provider.downloads.append(UnicodeError("nobody foresaw this"))
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == ("result_gone", Cost.CHARGED)
    assert len(pipeline_harness.provider.posts) == 1
