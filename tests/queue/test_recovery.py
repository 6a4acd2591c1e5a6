"""After a crash: every job goes on from its last recorded step, and nothing is submitted twice."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import Cost
from bot.domain.job import Job, JobState
from bot.ports import PictureSource, Submission
from tests.support.pipeline_harness import Works
from tests.support.provider import INLINE, PNG, RUNNING
from tests.support.steps import OWNER, known


async def on_disk(works: Works, job: Job) -> None:
    """Leave a job's finished picture where an earlier process would have."""
    await asyncio.to_thread(works.spool.incoming(job.id).write_bytes, PNG)
    await works.spool.admit(job.id)


async def test_job_found_submitting_is_uncertain(works: Works) -> None:
    """Nobody knows whether its POST arrived: it is not sent again, and its card will say so."""
    job = await works.steps.submitting()
    await works.start()
    found = await works.becomes(job, JobState.UNCERTAIN)
    assert works.provider.posts == []
    assert found.cost is Cost.POSSIBLY
    assert await works.store.requests_behind() == [job.request_id]


async def test_job_found_submitting_with_its_picture_on_disk_goes_on(works: Works) -> None:
    """The answer was the picture itself and was kept: it is paid for, and shown."""
    job = await works.steps.submitting()
    await on_disk(works, job)
    await works.start()
    found = await works.becomes(job, JobState.FETCHED)
    assert (works.provider.posts, works.provider.polled, works.provider.downloaded) == ([], [], [])
    assert found.cost is Cost.CHARGED


async def test_job_found_running_is_polled_again(works: Works) -> None:
    """A known task id is asked about; nothing is submitted."""
    job = await works.steps.running()
    await works.start()
    await works.becomes(job, JobState.FETCHED)
    assert works.provider.posts == []
    assert works.provider.polled == [f"task-{job.id}"]


async def test_job_found_running_with_its_picture_on_disk_asks_nobody(works: Works) -> None:
    """Downloaded but not recorded: the file on disk is all that is needed."""
    job = await works.steps.running()
    await on_disk(works, job)
    await works.start()
    await works.becomes(job, JobState.FETCHED)
    assert (works.provider.polled, works.provider.downloaded) == ([], [])


async def test_job_found_running_with_half_a_picture_downloads_again(works: Works) -> None:
    """A download that was cut off by the crash is no picture."""
    job = await works.steps.running()
    await asyncio.to_thread(works.spool.incoming(job.id).write_bytes, PNG[:20])
    await works.start()
    await works.becomes(job, JobState.FETCHED)
    assert len(works.provider.downloaded) == 1


async def test_job_found_running_after_hours_is_still_polled(works: Works) -> None:
    """The bot was down for longer than a job is waited for: the finished picture is fetched all the same."""
    job = await works.steps.running()
    works.clock.shift(5 * 3_600)
    works.provider.polls.append(RUNNING)
    await works.start()
    await works.becomes(job, JobState.FETCHED)
    assert len(works.provider.polled) == 2


async def test_address_found_after_hours_is_still_tried(works: Works) -> None:
    """The same for a picture of which only the address is known."""
    job = await works.steps.submitting()
    submission = Submission(source=PictureSource(url="https://result.example/1.png"))
    known(await works.store.submitted(job.id, OWNER, submission, None))
    works.clock.shift(5 * 3_600)
    await works.start()
    await works.becomes(job, JobState.FETCHED)


async def test_job_found_fetched_is_left_to_its_message(works: Works) -> None:
    """Its picture is on disk; its message is behind, which is what brings it there."""
    job = await works.steps.fetched()
    await on_disk(works, job)
    await works.start()
    assert await works.store.requests_behind() == [job.request_id]
    assert (works.provider.posts, works.provider.polled) == ([], [])
    assert (await works.store.job(job.id)).owner == OWNER


async def test_job_found_called_up_is_submitted_once(works: Works) -> None:
    """It was called up and nothing was sent: it waits again, is called up again, and makes its one POST."""
    job = await works.steps.called_up()
    await works.start()
    await works.becomes(job, JobState.FETCHED)
    assert len(works.provider.posts) == 1


async def test_stopping_releases_polls_and_lets_submits_record_their_answer(works: Works) -> None:
    """A stop waits for an answer under way, so that no job is uncertain after an orderly restart."""
    works.provider.answering.clear()
    await works.start()
    job = await works.imagine()
    await works.posted(1)
    works.admission.stop()
    closing = asyncio.create_task(works.pipeline.close(grace_s=5))
    await asyncio.sleep(0)
    works.provider.answering.set()
    await closing
    assert (await works.store.job(job.id)).state in {JobState.RUNNING, JobState.FETCHED}
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith(("submit-", "fetch-"))] == []


async def test_stop_does_not_wait_for_ever(works: Works) -> None:
    """A POST that hangs is cut off after the grace; the next start finds it submitting."""
    works.provider.answering.clear()
    await works.start()
    job = await works.imagine()
    await works.posted(1)
    works.admission.stop()
    await works.pipeline.close(grace_s=0.02)
    assert (await works.store.job(job.id)).state is JobState.SUBMITTING


async def test_job_found_fetched_without_its_file_is_fetched_again(works: Works) -> None:
    """A backup brings rows back, but no files: the provider is asked for the picture that is paid for already."""
    job = await works.steps.fetched()
    await works.start()
    await works.until(lambda: works.provider.polled == [f"task-{job.id}"])
    await works.until(lambda: works.spool.path_of(f"{job.id}.png").exists())
    found = await works.becomes(job, JobState.FETCHED)
    assert works.provider.posts == []
    assert found.cost is Cost.CHARGED


async def test_work_is_taken_up_as_soon_as_anything_can_be_written(works: Works) -> None:
    """A start on a full disk does not end: what was under way is taken over later, and nothing is submitted twice."""
    running, submitting = await works.steps.running(), await works.steps.submitting()
    works.store.trouble["adopt"] = 5
    works.store.trouble["uncertain"] = 2
    await works.start()
    await works.becomes(running, JobState.FETCHED)
    await works.becomes(submitting, JobState.UNCERTAIN)
    assert works.provider.posts == []


async def test_a_step_that_always_raises_ends_its_job(works: Works) -> None:
    """What nobody foresaw is tried again a few times with growing pauses; then the job fails, charged, and is shown."""
    job = await works.steps.running()
    works.provider.downloads.extend([UnicodeError("label empty or too long")] * 99)
    await works.start()
    failed = await works.becomes(job, JobState.FAILED)
    assert (failed.error_code, failed.cost) == ("internal", Cost.CHARGED)
    assert len(works.provider.downloaded) == 5
    await works.shown(job)
    other = await works.imagine()
    works.provider.downloads.clear()
    await works.becomes(other, JobState.FETCHED)


async def test_unforeseen_errors_are_counted_across_restarts(works: Works) -> None:
    """A process that starts again does not begin to count again."""
    job = await works.steps.running()
    for _ in range(4):
        await works.store.step_failed(job.id, "UnicodeError")
    works.provider.downloads.append(UnicodeError("label empty or too long"))
    await works.start()
    await works.becomes(job, JobState.FAILED)
    assert len(works.provider.downloaded) == 1


async def test_a_step_that_raises_now_and_then_loses_no_picture(works: Works) -> None:
    """Four unforeseen errors, and then the picture comes."""
    job = await works.steps.running()
    works.provider.downloads.extend([ZeroDivisionError()] * 4)
    await works.start()
    await works.becomes(job, JobState.FETCHED)


async def test_a_job_that_cannot_be_recovered_keeps_no_other_from_it(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is logged and it is tried again later; the bot starts."""
    bad, good = await works.steps.submitting(), await works.steps.running()
    find = works.spool.find

    async def raising(job_id: int) -> object:
        if job_id == bad.id:
            raise ZeroDivisionError
        return await find(job_id)

    monkeypatch.setattr(works.spool, "find", raising)
    await works.start()
    await works.becomes(good, JobState.FETCHED)
    await works.becomes(bad, JobState.UNCERTAIN)


async def test_an_unusable_picture_inside_the_answer_still_counts_as_an_answer(works: Works) -> None:
    """The order was taken and is charged, whatever is raised while its picture is kept."""
    works.provider.submits.append(Submission(source=INLINE))
    works.provider.downloads.append(UnicodeError("nobody foresaw this"))
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.FAILED)
    assert (job.error_code, job.cost) == ("result_gone", Cost.CHARGED)
    assert len(works.provider.posts) == 1
