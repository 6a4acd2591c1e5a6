"""In which forms references are sent, and what becomes of those that cannot be had."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import BadReferenceError, BadRequestError, Cost, PlatformError, ProviderError, UnavailableError
from bot.domain.job import Job, JobState, NewReference, Reference
from bot.queue.reference_transport import Transport
from tests.support.build import new_request
from tests.support.pipeline_harness import Works
from tests.support.provider import PNG


def address(works: Works, *, lives: timedelta) -> str:
    """A signed address of Discord's that lives so long from now."""
    return f"https://cdn.test/attachments/1/2/a.png?ex={int((works.clock.now() + lives).timestamp()):x}&is=0&hm=0"


async def with_reference(works: Works, *, lives: timedelta = timedelta(hours=1), ending: str = ".png") -> Job:
    """A request whose one reference is on disk."""
    new = replace(new_request(), references=(NewReference(url=address(works, lives=lives), name="a.png"),))
    request_id = await works.store.accept(new)
    path = works.copies.path_of(f"{request_id}-0{ending}")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(PNG)
    view = await works.store.view(request_id)
    found = [replace(reference, file_name=path.name) for reference in view.request.references]
    await works.store.references_arrived(request_id, found)
    return view.jobs[0]


async def forms(works: Works, job: Job) -> list[Transport]:
    """The forms that would be tried."""
    return works.referencing.forms((await works.store.view(job.request_id)).request)


async def test_discords_address_is_sent_only_while_it_is_fresh(works: Works) -> None:
    """One that ends within minutes is replaced by our copy, and so is one whose file tells more than its picture."""
    every = [Transport.URL, Transport.UPLOAD, Transport.DATA]
    assert await forms(works, await with_reference(works)) == every
    assert await forms(works, await with_reference(works, lives=timedelta(minutes=2))) == every[1:]
    assert await forms(works, await with_reference(works, ending=".altered.jpg")) == every[1:]


@pytest.mark.parametrize(
    "refusal", [BadRequestError("cannot fetch", http_status=400), PlatformError("cannot fetch", http_status=500)]
)
async def test_a_refused_form_is_followed_by_the_next(works: Works, refusal: ProviderError) -> None:
    """The provider refuses the address, or fails over it, then takes the upload: one job, one charge."""
    job = await with_reference(works)
    works.provider.submits.append(refusal)
    await works.start()
    await works.posted(2)
    first, second = works.provider.image_urls
    assert first[0].startswith("https://cdn.test/")
    assert second == ["https://uploads.example/1"]
    await works.until(lambda: works.presenter.asked.count(job.request_id) >= 1)
    assert (await works.store.job(job.id)).state is not JobState.FAILED


async def test_a_request_refused_in_every_form_fails_and_costs_nothing(works: Works) -> None:
    """After the data URI there is nothing left to try."""
    job = await with_reference(works)
    works.provider.submits.extend([BadRequestError("no", http_status=400)] * 3)
    await works.start()
    await works.posted(3)
    assert works.provider.image_urls[-1][0].startswith("data:image/png;base64,")
    await works.becomes(job, JobState.FAILED)


async def test_jobs_wait_for_their_references(works: Works) -> None:
    """Nothing is ordered before the bytes are here; a file server in trouble is asked again, then given up for free."""
    reference = NewReference(url="https://cdn.test/a.png", name="a.png")
    request_id = await works.store.accept(replace(new_request(), references=(reference,)))
    await works.start()
    await works.settle()
    assert works.provider.posts == []
    assert await works.store.awaiting_references() == [request_id]


async def test_an_upload_in_trouble_makes_way_for_the_next_form(works: Works) -> None:
    """An upload decides nothing about the order: the picture goes inside the request."""
    job = await with_reference(works, lives=timedelta(0))
    works.provider.uploads_fail = UnavailableError("busy")
    request = (await works.store.view(job.request_id)).request
    urls = await works.referencing.image_urls(request, works.referencing.forms(request))
    assert urls[0].startswith("data:image/png;base64,")


async def test_a_reference_that_left_our_disk_is_named(works: Works) -> None:
    """A request made again long after shares files that may be gone."""
    gone = NewReference(url="https://cdn.test/a.png", name="a.png", file_name="1-0.png")
    request_id = await works.store.accept(replace(new_request(), references=(gone,)))
    works.referencing.fetch(request_id)
    await works.until(lambda: request_id in works.presenter.asked)
    job = (await works.store.view(request_id)).jobs[0]
    assert (job.state, job.error_code) == (JobState.FAILED, "reference_lost")
    assert job.error_text == "1 a.png"
    assert isinstance((await works.store.view(request_id)).request.references[0], Reference)


async def test_references_whose_copying_always_raises_end_their_request(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is tried again a few times; then the request fails, free of charge, and is shown."""
    tries = 0

    async def raising(*_: object) -> Reference:
        nonlocal tries
        tries += 1
        raise UnicodeError("label empty or too long")

    monkeypatch.setattr(works.copies, "copy", raising)
    reference = NewReference(url="https://cdn.test/a.png", name="a.png")
    request_id = await works.store.accept(replace(new_request(), references=(reference,)))
    works.referencing.fetch(request_id)
    await works.until(lambda: request_id in works.presenter.asked)
    job = (await works.store.view(request_id)).jobs[0]
    assert (job.state, job.error_code, job.cost) == (JobState.FAILED, "references_unreachable", Cost.NOTHING)
    assert tries == 4


async def test_a_copy_that_is_gone_ends_its_order_free_of_charge(works: Works) -> None:
    """The disk was lost: nothing is ordered without the picture that was meant, and the card names it."""
    job = await with_reference(works, lives=timedelta(minutes=2))
    works.copies.path_of(f"{job.request_id}-0.png").unlink()
    await works.start()
    found = await works.becomes(job, JobState.FAILED)
    assert works.provider.posts == []
    assert (found.error_code, found.error_text, found.cost) == ("reference_lost", "1 a.png", Cost.NOTHING)


async def test_a_failure_that_its_caller_tells_is_not_shown_as_well(works: Works) -> None:
    """The request ends at no cost; whoever waited for the copies knows why, and its message is left alone."""
    gone = NewReference(url="https://cdn.test/a.png", name="a.png", file_name="1-0.png")
    request_id = await works.store.accept(replace(new_request(), references=(gone,)))
    error = await works.referencing.copied(request_id)
    assert isinstance(error, BadReferenceError)
    assert (error.code, error.number, error.name) == ("reference_lost", 1, "a.png")
    job = (await works.store.view(request_id)).jobs[0]
    assert (job.state, job.cost) == (JobState.FAILED, Cost.NOTHING)
    assert works.presenter.asked == []
