"""The transports of references (URL, upload, data URI), and the handling of those that can't be fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import BadReferenceError, BadRequestError, Cost, PlatformError, ProviderError, UnavailableError
from bot.domain.job import Job, JobState, NewReference, Reference
from bot.queue.reference_transport import TransportMode
from tests.support.build import new_request
from tests.support.pipeline_harness import PipelineHarness
from tests.support.provider import PNG


def address(pipeline_harness: PipelineHarness, *, lives: timedelta) -> str:
    """A signed Discord URL that is valid for this long from now."""
    expires_at = pipeline_harness.clock.now() + lives
    return f"https://cdn.test/attachments/1/2/a.png?ex={int(expires_at.timestamp()):x}&is=0&hm=0"


async def with_reference(
    pipeline_harness: PipelineHarness, *, lives: timedelta = timedelta(hours=1), ending: str = ".png"
) -> Job:
    """A request whose one reference is on disk."""
    new = replace(new_request(), references=(NewReference(url=address(pipeline_harness, lives=lives), name="a.png"),))
    request_id = await pipeline_harness.store.accept(new)
    path = pipeline_harness.copies.path_of(f"{request_id}-0{ending}")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(PNG)
    view = await pipeline_harness.store.view(request_id)
    found = [replace(reference, file_name=path.name) for reference in view.request.references]
    await pipeline_harness.store.references_arrived(request_id, found)
    return view.jobs[0]


async def forms(pipeline_harness: PipelineHarness, job: Job) -> list[TransportMode]:
    """The transports that would be tried."""
    return pipeline_harness.reference_transport.forms((await pipeline_harness.store.view(job.request_id)).request)


async def test_discords_url_is_sent_only_while_it_is_valid(pipeline_harness: PipelineHarness) -> None:
    """A URL that expires within minutes is replaced by our copy, and so is one whose file has metadata."""
    every = [TransportMode.URL, TransportMode.UPLOAD, TransportMode.DATA]
    assert await forms(pipeline_harness, await with_reference(pipeline_harness)) == every
    assert (
        await forms(pipeline_harness, await with_reference(pipeline_harness, lives=timedelta(minutes=2))) == every[1:]
    )
    assert await forms(pipeline_harness, await with_reference(pipeline_harness, ending=".altered.jpg")) == every[1:]


@pytest.mark.parametrize(
    "refusal", [BadRequestError("cannot fetch", http_status=400), PlatformError("cannot fetch", http_status=500)]
)
async def test_rejected_transport_falls_back_to_the_next(
    pipeline_harness: PipelineHarness, refusal: ProviderError
) -> None:
    """The provider rejects the URL, or fails on it, then takes the upload: one job, one charge."""
    job = await with_reference(pipeline_harness)
    pipeline_harness.provider.submits.append(refusal)
    await pipeline_harness.start()
    await pipeline_harness.posted(2)
    first, second = pipeline_harness.provider.image_urls
    assert first[0].startswith("https://cdn.test/")
    assert second == ["https://uploads.example/1"]
    await pipeline_harness.until(lambda: pipeline_harness.presenter.asked.count(job.request_id) >= 1)
    assert (await pipeline_harness.store.job(job.id)).state is not JobState.FAILED


async def test_request_rejected_with_every_transport_fails_and_costs_nothing(pipeline_harness: PipelineHarness) -> None:
    """After the data URI there is nothing left to try."""
    job = await with_reference(pipeline_harness)
    pipeline_harness.provider.submits.extend([BadRequestError("no", http_status=400)] * 3)
    await pipeline_harness.start()
    await pipeline_harness.posted(3)
    assert pipeline_harness.provider.image_urls[-1][0].startswith("data:image/png;base64,")
    await pipeline_harness.becomes(job, JobState.FAILED)


async def test_jobs_wait_for_their_references(pipeline_harness: PipelineHarness) -> None:
    """Nothing is ordered before the bytes are here; a failing file server is retried, then given up for free."""
    reference = NewReference(url="https://cdn.test/a.png", name="a.png")
    request_id = await pipeline_harness.store.accept(replace(new_request(), references=(reference,)))
    await pipeline_harness.start()
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    assert await pipeline_harness.store.awaiting_references() == [request_id]


async def test_failed_upload_falls_back_to_the_next_transport(pipeline_harness: PipelineHarness) -> None:
    """An upload failure does not decide the order: the picture is sent inline."""
    job = await with_reference(pipeline_harness, lives=timedelta(0))
    pipeline_harness.provider.uploads_fail = UnavailableError("busy")
    request = (await pipeline_harness.store.view(job.request_id)).request
    urls = await pipeline_harness.reference_transport.image_urls(
        request, pipeline_harness.reference_transport.forms(request)
    )
    assert urls[0].startswith("data:image/png;base64,")


async def test_reference_no_longer_on_disk_is_named(pipeline_harness: PipelineHarness) -> None:
    """A request repeated much later shares files that may be gone."""
    gone = NewReference(url="https://cdn.test/a.png", name="a.png", file_name="1-0.png")
    request_id = await pipeline_harness.store.accept(replace(new_request(), references=(gone,)))
    pipeline_harness.reference_transport.fetch(request_id)
    await pipeline_harness.until(lambda: request_id in pipeline_harness.presenter.asked)
    job = (await pipeline_harness.store.view(request_id)).jobs[0]
    assert (job.state, job.error_code) == (JobState.FAILED, "reference_lost")
    assert job.error_text == "1 a.png"
    assert isinstance((await pipeline_harness.store.view(request_id)).request.references[0], Reference)


async def test_references_whose_copying_always_raises_end_their_request(
    pipeline_harness: PipelineHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected error is retried a few times; then the request fails, free of charge, and is shown."""
    tries = 0

    async def raising(*_: object) -> Reference:
        nonlocal tries
        tries += 1
        raise UnicodeError("label empty or too long")

    monkeypatch.setattr(pipeline_harness.copies, "copy", raising)
    reference = NewReference(url="https://cdn.test/a.png", name="a.png")
    request_id = await pipeline_harness.store.accept(replace(new_request(), references=(reference,)))
    pipeline_harness.reference_transport.fetch(request_id)
    await pipeline_harness.until(lambda: request_id in pipeline_harness.presenter.asked)
    job = (await pipeline_harness.store.view(request_id)).jobs[0]
    assert (job.state, job.error_code, job.cost) == (JobState.FAILED, "references_unreachable", Cost.NOTHING)
    assert tries == 4


async def test_missing_copy_ends_its_order_free_of_charge(pipeline_harness: PipelineHarness) -> None:
    """The disk was lost: nothing is ordered without the intended picture, and the card names it."""
    job = await with_reference(pipeline_harness, lives=timedelta(minutes=2))
    pipeline_harness.copies.path_of(f"{job.request_id}-0.png").unlink()
    await pipeline_harness.start()
    found = await pipeline_harness.becomes(job, JobState.FAILED)
    assert pipeline_harness.provider.posts == []
    assert (found.error_code, found.error_text, found.cost) == ("reference_lost", "1 a.png", Cost.NOTHING)


async def test_failure_reported_by_its_caller_is_not_shown_as_well(pipeline_harness: PipelineHarness) -> None:
    """The request ends at no cost; the caller that waited for the copies knows why, and its message is not edited."""
    gone = NewReference(url="https://cdn.test/a.png", name="a.png", file_name="1-0.png")
    request_id = await pipeline_harness.store.accept(replace(new_request(), references=(gone,)))
    error = await pipeline_harness.reference_transport.copied(request_id)
    assert isinstance(error, BadReferenceError)
    assert (error.code, error.number, error.name) == ("reference_lost", 1, "a.png")
    job = (await pipeline_harness.store.view(request_id)).jobs[0]
    assert (job.state, job.cost) == (JobState.FAILED, Cost.NOTHING)
    assert pipeline_harness.presenter.asked == []
