"""From a posted message to what made it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.errors import Refusal
from bot.domain.job import Job
from bot.services.lookup import Lookup
from tests.support.build import ALICE, BOB
from tests.support.pipeline_harness import PipelineHarness
from tests.support.steps import Steps, known


async def message_of(pipeline_harness: PipelineHarness, job: Job) -> int:
    """The message that shows a job."""
    message_id = (await pipeline_harness.store.view(job.request_id)).request.message_id
    assert message_id is not None
    return message_id


async def test_a_message_tells_its_request_and_picture(pipeline_harness: PipelineHarness) -> None:
    """Among the messages of others."""
    steps = Steps(pipeline_harness.store)
    first, second = await steps.delivered(prompt="one"), await steps.delivered(prompt="two")
    for job, prompt in ((first, "one"), (second, "two")):
        view, found = await Lookup(pipeline_harness.store).of_message(
            await message_of(pipeline_harness, job), None, BOB
        )
        assert (view.request.spec.prompt, found.id) == (prompt, job.id)


async def test_of_a_retried_request_the_picture_counts(pipeline_harness: PipelineHarness) -> None:
    """An uncertain try that was ordered again made nothing that a message shows."""
    steps = Steps(pipeline_harness.store)
    uncertain = await steps.uncertain()
    await pipeline_harness.store.note_shown(uncertain.request_id, await steps.shown_with(uncertain))
    again = known(await pipeline_harness.store.retry(uncertain.id))
    _, found = await Lookup(pipeline_harness.store).of_message(await message_of(pipeline_harness, uncertain), None, BOB)
    assert found.id == again.id


async def test_other_messages_are_told_apart(pipeline_harness: PipelineHarness) -> None:
    """A refusal says that there is nothing to tell."""
    await Steps(pipeline_harness.store).delivered()
    with pytest.raises(Refusal) as refusal:
        await Lookup(pipeline_harness.store).of_message(1, 2, BOB)
    assert refusal.value.code == "not_a_card"


async def test_a_private_picture_is_told_to_its_member_alone(pipeline_harness: PipelineHarness) -> None:
    """Discord shows its message to nobody else, but a client may name any."""
    steps = Steps(pipeline_harness.store)
    job = await steps.fetched(private=True)
    await pipeline_harness.store.note_shown(job.request_id, replace(await steps.shown_with(job), private=True))
    message_id = await message_of(pipeline_harness, job)
    assert (await Lookup(pipeline_harness.store).of_message(message_id, None, ALICE))[1].id == job.id
    with pytest.raises(Refusal) as refusal:
        await Lookup(pipeline_harness.store).of_message(message_id, None, BOB)
    assert refusal.value.code == "not_a_card"
