"""Look up the request behind a posted message."""

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


async def test_message_leads_to_its_request_and_picture(pipeline_harness: PipelineHarness) -> None:
    """Among the messages of others."""
    steps = Steps(pipeline_harness.store)
    first, second = await steps.delivered(prompt="one"), await steps.delivered(prompt="two")
    for job, prompt in ((first, "one"), (second, "two")):
        view, found = await Lookup(pipeline_harness.store).of_message(
            await message_of(pipeline_harness, job), None, BOB
        )
        assert (view.request.spec.prompt, found.id) == (prompt, job.id)


async def test_retried_request_leads_to_its_picture(pipeline_harness: PipelineHarness) -> None:
    """An uncertain job that was ordered again has no picture that a message shows."""
    steps = Steps(pipeline_harness.store)
    uncertain = await steps.uncertain()
    await pipeline_harness.store.note_shown(uncertain.request_id, await steps.shown_with(uncertain))
    again = known(await pipeline_harness.store.retry(uncertain.id))
    _, found = await Lookup(pipeline_harness.store).of_message(await message_of(pipeline_harness, uncertain), None, BOB)
    assert found.id == again.id


async def test_other_messages_get_distinct_refusals(pipeline_harness: PipelineHarness) -> None:
    """A refusal says that there is nothing to show."""
    await Steps(pipeline_harness.store).delivered()
    with pytest.raises(Refusal) as refusal:
        await Lookup(pipeline_harness.store).of_message(1, 2, BOB)
    assert refusal.value.code == "not_a_card"


async def test_private_picture_is_shown_only_to_its_member(pipeline_harness: PipelineHarness) -> None:
    """Discord shows its message to no one else, but a modified client may name any."""
    steps = Steps(pipeline_harness.store)
    job = await steps.fetched(private=True)
    await pipeline_harness.store.note_shown(job.request_id, replace(await steps.shown_with(job), private=True))
    message_id = await message_of(pipeline_harness, job)
    assert (await Lookup(pipeline_harness.store).of_message(message_id, None, ALICE))[1].id == job.id
    with pytest.raises(Refusal) as refusal:
        await Lookup(pipeline_harness.store).of_message(message_id, None, BOB)
    assert refusal.value.code == "not_a_card"
