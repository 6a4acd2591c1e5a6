"""What `/collect` says of a kept picture whose file is missing."""

from __future__ import annotations

import asyncio

from bot.media.fit import SizeFitter
from bot.services.library import Library
from tests.support.build import ALICE
from tests.support.pipeline_harness import PipelineHarness
from tests.support.provider import PNG
from tests.support.refusals import refused


def library(pipeline_harness: PipelineHarness) -> Library:
    """The service on the pipeline's store and spool."""
    return Library(
        lists=pipeline_harness.store.lists,
        requests=pipeline_harness.store,
        jobs=pipeline_harness.store,
        files=pipeline_harness.spool,
        fitter=SizeFitter(),
        keep_days=7,
    )


async def kept(pipeline_harness: PipelineHarness) -> int:
    """The number of a picture that could not be posted; its file is missing."""
    job = await pipeline_harness.steps.fetched()
    await pipeline_harness.store.ready(job.id, "nowhere to post it")
    return job.id


async def test_kept_picture_whose_file_was_lost_is_named(pipeline_harness: PipelineHarness) -> None:
    """After a disk loss: its member is shown which one it is, and who may have a copy."""
    number = await kept(pipeline_harness)
    service = library(pipeline_harness)
    with refused(rf"no\. {number} is not on my disk any more"):
        await service.uncollected(ALICE)
    with refused(rf"no\. {number} is not on my disk any more"):
        await service.picture(number, ALICE)


async def test_lost_picture_blocks_no_other_from_being_collected(pipeline_harness: PipelineHarness) -> None:
    """Existing files are delivered."""
    await kept(pipeline_harness)
    whole = await kept(pipeline_harness)
    await asyncio.to_thread(pipeline_harness.spool.path_of(f"{whole}.png").write_bytes, PNG)
    [view] = await library(pipeline_harness).uncollected(ALICE)
    assert [job.id for job in view.jobs] == [whole]
