"""What `/collect` says of a picture that was kept, and whose file is gone all the same."""

from __future__ import annotations

import asyncio

from bot.media.fit import LadderFitter
from bot.services.library import Collection
from tests.support.build import ALICE
from tests.support.pipeline_harness import Works
from tests.support.provider import PNG
from tests.support.refusals import refused


def collection(works: Works) -> Collection:
    """The service on the works' store and spool."""
    return Collection(
        lists=works.store.lists,
        requests=works.store,
        jobs=works.store,
        files=works.spool,
        fitter=LadderFitter(),
        keep_days=7,
    )


async def kept(works: Works) -> int:
    """The number of a picture that could not be posted; its file is not there."""
    job = await works.steps.fetched()
    await works.store.ready(job.id, "nowhere to post it")
    return job.id


async def test_a_kept_picture_whose_file_was_lost_is_named(works: Works) -> None:
    """After the loss of a disk: its member hears which one it is, and who may have a copy."""
    number = await kept(works)
    service = collection(works)
    with refused(rf"no\. {number} is not on my disk any more"):
        await service.uncollected(ALICE)
    with refused(rf"no\. {number} is not on my disk any more"):
        await service.picture(number, ALICE)


async def test_a_lost_picture_keeps_no_other_from_being_collected(works: Works) -> None:
    """What is here is handed over."""
    await kept(works)
    whole = await kept(works)
    await asyncio.to_thread(works.spool.path_of(f"{whole}.png").write_bytes, PNG)
    [view] = await collection(works).uncollected(ALICE)
    assert [job.id for job in view.jobs] == [whole]
