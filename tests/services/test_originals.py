"""Reading the original files of pictures from disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PIL import Image

from bot.services.originals import Original, Originals
from bot.services.picture_actions import PictureActions
from tests.services.test_picture_actions import pictures, presser
from tests.support.pipeline_harness import PipelineHarness
from tests.support.refusals import refused

__all__ = ["pictures"]  # a fixture


@pytest.fixture
def originals(pipeline_harness: PipelineHarness, pictures: PictureActions) -> Originals:
    """The service on the queue's own spool."""
    return Originals(pictures=pictures, files=pipeline_harness.spool, keep_days=7)


async def kept(pipeline_harness: PipelineHarness) -> tuple[int, Path]:
    """A delivered picture whose file is on our disk."""
    job = await pipeline_harness.steps.delivered()
    path = pipeline_harness.spool.path_of(f"{job.id}.png")
    Image.effect_noise((64, 64), 50).save(path)
    return job.id, path


async def test_parts_of_an_original_concatenate_to_its_file(
    pipeline_harness: PipelineHarness, originals: Originals
) -> None:
    """Read in parts, the last of which is shorter."""
    job_id, path = await kept(pipeline_harness)
    original = await originals.find(job_id, presser())
    whole = path.read_bytes()
    assert original == Original(job_id=job_id, path=path, extension="png", size_bytes=len(whole))
    read = b""
    for start in range(0, len(whole), 1_000):
        async with originals.part(original, start, 1_000) as data:
            read += data
    assert read == whole


async def test_original_removed_meanwhile_is_refused(pipeline_harness: PipelineHarness, originals: Originals) -> None:
    """The sweep may run between the check and the sending, and between two parts."""
    job_id, _ = await kept(pipeline_harness)
    original = await originals.find(job_id, presser())
    await pipeline_harness.spool.remove(job_id)
    with refused("kept for 7 days") as caught:
        async with originals.part(original, 0, 1_000):
            pass
    assert caught.value.code == "original_gone"


async def test_an_original_of_a_deleted_or_unknown_picture_is_refused(
    pipeline_harness: PipelineHarness, originals: Originals
) -> None:
    """A button on a message that outlived its request says so."""
    job_id, _ = await kept(pipeline_harness)
    assert await pipeline_harness.store.delete((await pipeline_harness.store.job(job_id)).request_id, 1)
    for number in (job_id, 4_711):
        with refused(f"There is no picture no. {number} any more"):
            await originals.find(number, presser())


async def test_number_of_parts_in_memory_is_limited(pipeline_harness: PipelineHarness, originals: Originals) -> None:
    """The fifth waits until one of the four before it is sent."""
    job_id, _ = await kept(pipeline_harness)
    original = await originals.find(job_id, presser())
    held, sent = 0, asyncio.Event()

    async def send() -> None:
        nonlocal held
        async with originals.part(original, 0, 10):
            held += 1
            await sent.wait()

    sending = [asyncio.create_task(send()) for _ in range(5)]
    await pipeline_harness.until(lambda: held == 4)
    await pipeline_harness.settle()
    assert held == 4
    sent.set()
    await asyncio.gather(*sending)
    assert held == 5
