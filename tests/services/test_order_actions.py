"""Actions of members on pictures that they have ordered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.disk import DiskState
from bot.domain.errors import BalanceError, Refusal
from bot.domain.job import JobState
from bot.ports import TokenLease
from bot.services.order_actions import OrderActions
from tests.support.build import ALICE, BOB, new_request
from tests.support.clock import START
from tests.support.pipeline_harness import PipelineHarness
from tests.support.refusals import refused
from tests.support.steps import OWNER

FRESH = TokenLease(token="fresh", expires_at=START + timedelta(minutes=15))
PRESS = replace(FRESH, message_id=99)


class Desk:
    """The service, with a count of how often it woke admission."""

    def __init__(self, pipeline_harness: PipelineHarness) -> None:
        self.woken = 0
        self.order_actions = OrderActions(
            requests=pipeline_harness.store,
            jobs=pipeline_harness.store,
            moves=pipeline_harness.store.moves,
            rules=pipeline_harness.rules,
            presenter=pipeline_harness.presenter,
            check_room=pipeline_harness.disk_watch.check,
            wake=self._wake,
        )

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def desk(pipeline_harness: PipelineHarness) -> Desk:
    """The service on the same store as the queue."""
    return Desk(pipeline_harness)


async def test_cancelling_is_free_and_shown(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """A waiting job is cancelled, and its card is updated with the press's own token."""
    job = await pipeline_harness.steps.queued()
    await desk.order_actions.cancel(job.id, ALICE, FRESH)
    assert (await pipeline_harness.store.job(job.id)).state is JobState.CANCELLED
    assert (await pipeline_harness.store.view(job.request_id)).request.token == "fresh"
    assert pipeline_harness.presenter.asked == [job.request_id]


async def test_other_members_may_not_withdraw(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """The member is checked at the confirmation too, not only at the question."""
    job = await pipeline_harness.steps.running()
    for press in (desk.order_actions.cancel(job.id, BOB, FRESH), desk.order_actions.withdraw(job.id, BOB)):
        with pytest.raises(Refusal) as caught:
            await press
        assert caught.value.code == "not_yours"
    assert await pipeline_harness.store.job(job.id) == job


async def test_waiting_picture_becomes_private_only_for_its_member(
    pipeline_harness: PipelineHarness, desk: Desk
) -> None:
    """Another member may not ask for it; it works once, and not for deleted, finished or unknown pictures."""
    job = await pipeline_harness.steps.running()
    for user_id, code in ((BOB, "not_yours"), (ALICE, ""), (ALICE, "private_already")):
        if not code:
            await desk.order_actions.move_to_private(job.id, user_id, PRESS)
            assert pipeline_harness.presenter.asked == [job.request_id]
            continue
        with pytest.raises(Refusal) as caught:
            await desk.order_actions.move_to_private(job.id, user_id, PRESS)
        assert caught.value.code == code
    delivered = await pipeline_harness.steps.delivered()
    with pytest.raises(Refusal) as caught:
        await desk.order_actions.move_to_private(delivered.id, ALICE, PRESS)
    assert caught.value.code == "too_late_to_move"
    await pipeline_harness.store.delete(delivered.request_id, ALICE)
    for job_id in (delivered.id, 404):
        with pytest.raises(Refusal) as caught:
            await desk.order_actions.move_to_private(job_id, ALICE, PRESS)
        assert caught.value.code == "no_such_job"


async def test_move_to_private_is_refused_if_the_message_cannot_be_deleted_any_more(
    pipeline_harness: PipelineHarness, desk: Desk
) -> None:
    """In a user install only the first interaction token can delete the public message."""
    new = new_request()
    request_id = await pipeline_harness.store.accept(replace(new, origin=replace(new.origin, bot_present=False)))
    pipeline_harness.clock.shift(16 * 60)
    [job] = (await pipeline_harness.store.view(request_id)).jobs
    with pytest.raises(Refusal) as caught:
        await desk.order_actions.move_to_private(job.id, ALICE, PRESS)
    assert caught.value.code == "cannot_move"
    assert not (await pipeline_harness.store.view(request_id)).request.private


@pytest.mark.parametrize("decision", ["cancel", "drop", "retry"])
async def test_other_members_may_not_decide(decision: str, pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """A button that another member presses does nothing and says why."""
    job = await (pipeline_harness.steps.queued() if decision == "cancel" else pipeline_harness.steps.uncertain())
    with pytest.raises(Refusal) as caught:
        await getattr(desk.order_actions, decision)(job.id, BOB, FRESH)
    assert caught.value.code == "not_yours"
    assert await pipeline_harness.store.job(job.id) == job
    assert (await pipeline_harness.store.view(job.request_id)).request.token == "interaction-token"


@pytest.mark.parametrize("decision", ["cancel", "drop", "retry"])
async def test_unknown_picture_is_refused(decision: str, desk: Desk) -> None:
    """A button on a message that outlived its rows is answered with a sentence."""
    with refused(r"no\. 404") as caught:
        await getattr(desk.order_actions, decision)(404, ALICE, FRESH)
    assert caught.value.code == "no_such_job"


async def test_too_late_to_cancel(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """A finished job is not cancelled, and neither is an uncertain one: that has its own buttons."""
    for job in (
        await pipeline_harness.steps.uncertain(),
        await pipeline_harness.steps.fetched(),
        await pipeline_harness.steps.delivered(),
    ):
        with pytest.raises(Refusal) as caught:
            await desk.order_actions.cancel(job.id, ALICE, FRESH)
        assert caught.value.code == "too_late"
        assert (await pipeline_harness.store.job(job.id)).state is job.state


async def test_running_picture_is_cancelled_after_a_confirmation(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """The first press changes only the token; the second cancels once, and then it is too late."""
    job = await pipeline_harness.steps.running()
    assert await desk.order_actions.cancel(job.id, ALICE, FRESH) == job
    assert (await pipeline_harness.store.view(job.request_id)).request.token == "fresh"
    assert pipeline_harness.presenter.asked == []
    await desk.order_actions.withdraw(job.id, ALICE)
    assert pipeline_harness.presenter.asked == [job.request_id]
    for press in (desk.order_actions.cancel(job.id, ALICE, FRESH), desk.order_actions.withdraw(job.id, ALICE)):
        with pytest.raises(Refusal) as caught:
            await press
        assert caught.value.code == "cancelled_already"


async def test_job_requeued_between_question_and_answer_is_cancelled_for_free(
    pipeline_harness: PipelineHarness, desk: Desk
) -> None:
    """The provider did not accept it, so it is waiting again."""
    job = await pipeline_harness.steps.submitting()
    assert await desk.order_actions.cancel(job.id, ALICE, FRESH) == job
    await pipeline_harness.store.back_to_queue(job.id, OWNER, BalanceError("empty"), None)
    await desk.order_actions.withdraw(job.id, ALICE)
    assert (await pipeline_harness.store.job(job.id)).state is JobState.CANCELLED
    assert sum(row.spent_microcredits for row in await pipeline_harness.store.usage(None)) == 0


async def test_confirmation_after_the_picture_is_too_late(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """It is about to be posted, or was."""
    for job in (await pipeline_harness.steps.fetched(), await pipeline_harness.steps.delivered()):
        with pytest.raises(Refusal) as caught:
            await desk.order_actions.withdraw(job.id, ALICE)
        assert caught.value.code == "too_late"


async def test_ordering_again_wakes_admission_and_is_decided_once(
    pipeline_harness: PipelineHarness, desk: Desk
) -> None:
    """The second press on either button is answered that the decision was made."""
    job = await pipeline_harness.steps.uncertain()
    await desk.order_actions.retry(job.id, ALICE, FRESH)
    assert desk.woken == 1
    assert await pipeline_harness.store.waiting() == 1
    for decision in (desk.order_actions.retry, desk.order_actions.drop):
        with pytest.raises(Refusal) as caught:
            await decision(job.id, ALICE, FRESH)
        assert caught.value.code == "decided"
    assert await pipeline_harness.store.waiting() == 1


async def test_dropping_ends_an_uncertain_job(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """The member gives it up; a waiting job is cancelled, not dropped."""
    uncertain = await pipeline_harness.steps.uncertain()
    await desk.order_actions.drop(uncertain.id, ALICE, FRESH)
    assert (await pipeline_harness.store.job(uncertain.id)).state is JobState.CANCELLED
    waiting = await pipeline_harness.steps.queued()
    with pytest.raises(Refusal):
        await desk.order_actions.drop(waiting.id, ALICE, FRESH)


async def test_ordering_again_waits_for_room_on_the_disk(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """Try again is an order like any other; the question remains until there is room."""
    job = await pipeline_harness.steps.uncertain()
    pipeline_harness.disk = DiskState(free_bytes=0)
    await pipeline_harness.disk_watch.look()
    with refused("disk is full"):
        await desk.order_actions.retry(job.id, ALICE, FRESH)
    pipeline_harness.disk = DiskState(free_bytes=10**12)
    await pipeline_harness.disk_watch.look()
    await desk.order_actions.retry(job.id, ALICE, FRESH)
    assert (await pipeline_harness.store.job(job.id)).retried_by is not None
