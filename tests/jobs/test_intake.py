"""Accepting requests, and what members may decide about their jobs afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import BalanceError, Cost, Refusal
from bot.domain.job import JobState, NewReference
from bot.domain.picture import PictureSpec, Resolution
from bot.jobs.intake import Intake
from bot.ports import TokenLease
from tests.jobs.conftest import Works
from tests.support.build import ALICE, BOB, new_request
from tests.support.clock import START
from tests.support.refusals import refused
from tests.support.steps import OWNER

FRESH = TokenLease(token="fresh", expires_at=START + timedelta(minutes=15))
PRESS = replace(FRESH, message_id=99)


class Desk:
    """An intake that notes when it wakes admission."""

    def __init__(self, works: Works) -> None:
        self.woken = 0
        self.fetched: list[int] = []
        self.intake = Intake(
            requests=works.store,
            jobs=works.store,
            drafts=works.store.drafts,
            moves=works.store.moves,
            rules=works.rules,
            presenter=works.presenter,
            wake=self._wake,
            fetch_references=self.fetched.append,
            references_copied=works.referencing.copied,
            credit_price_1k=Decimal("0.06"),
            group_ratio=Decimal(2),
        )

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def desk(works: Works) -> Desk:
    """An intake on the same store as the queue."""
    return Desk(works)


async def test_accepted_picture_has_the_installations_price(works: Works, desk: Desk) -> None:
    """Price, multiplier and group ratio are applied when it is accepted; admission looks at once."""
    origin = new_request().origin
    request_id = await desk.intake.imagine(
        PictureSpec(prompt="x", resolution=Resolution.TWO_K),
        origin,
        private=True,
        lease=FRESH,
        upload_limit_bytes=1_000,
    )
    view = await works.store.view(request_id)
    assert [job.price_microcredits for job in view.jobs] == [160_000]
    assert (view.request.token, view.request.private, view.request.origin) == ("fresh", True, origin)
    assert desk.woken == 1


async def test_cancelling_is_free_and_shown(works: Works, desk: Desk) -> None:
    """A waiting job is taken back, and its card follows through the press's own token."""
    job = await works.steps.queued()
    await desk.intake.cancel(job.id, ALICE, FRESH)
    assert (await works.store.job(job.id)).state is JobState.CANCELLED
    assert (await works.store.view(job.request_id)).request.token == "fresh"
    assert works.presenter.asked == [job.request_id]


async def test_nobody_else_may_withdraw(works: Works, desk: Desk) -> None:
    """Who presses is checked with the answer too, not only with the question."""
    job = await works.steps.running()
    for press in (desk.intake.cancel(job.id, BOB, FRESH), desk.intake.withdraw(job.id, BOB)):
        with pytest.raises(Refusal) as caught:
            await press
        assert caught.value.code == "not_yours"
    assert await works.store.job(job.id) == job


async def test_a_waiting_picture_becomes_private_for_its_member_alone(works: Works, desk: Desk) -> None:
    """Nobody else may ask for it; it happens once, and not to what is deleted, finished or unknown."""
    job = await works.steps.running()
    for user_id, code in ((BOB, "not_yours"), (ALICE, ""), (ALICE, "private_already")):
        if not code:
            await desk.intake.move_to_private(job.id, user_id, PRESS)
            assert works.presenter.asked == [job.request_id]
            continue
        with pytest.raises(Refusal) as caught:
            await desk.intake.move_to_private(job.id, user_id, PRESS)
        assert caught.value.code == code
    delivered = await works.steps.delivered()
    with pytest.raises(Refusal) as caught:
        await desk.intake.move_to_private(delivered.id, ALICE, PRESS)
    assert caught.value.code == "too_late_to_move"
    await works.store.delete(delivered.request_id, ALICE)
    for job_id in (delivered.id, 404):
        with pytest.raises(Refusal) as caught:
            await desk.intake.move_to_private(job_id, ALICE, PRESS)
        assert caught.value.code == "no_such_job"


async def test_a_guest_who_cannot_remove_the_message_any_more_says_so(works: Works, desk: Desk) -> None:
    """Where only a member brought the bot along, its first token alone removes what all can see."""
    new = new_request()
    request_id = await works.store.accept(replace(new, origin=replace(new.origin, bot_present=False)))
    works.clock.shift(16 * 60)
    [job] = (await works.store.view(request_id)).jobs
    with pytest.raises(Refusal) as caught:
        await desk.intake.move_to_private(job.id, ALICE, PRESS)
    assert caught.value.code == "cannot_move"
    assert not (await works.store.view(request_id)).request.private


@pytest.mark.parametrize("decision", ["cancel", "drop", "retry"])
async def test_nobody_else_may_decide(decision: str, works: Works, desk: Desk) -> None:
    """A button that another member presses does nothing and tells them why."""
    job = await (works.steps.queued() if decision == "cancel" else works.steps.uncertain())
    with pytest.raises(Refusal) as caught:
        await getattr(desk.intake, decision)(job.id, BOB, FRESH)
    assert caught.value.code == "not_yours"
    assert await works.store.job(job.id) == job
    assert (await works.store.view(job.request_id)).request.token == "interaction-token"


@pytest.mark.parametrize("decision", ["cancel", "drop", "retry"])
async def test_unknown_picture_is_refused(decision: str, desk: Desk) -> None:
    """A button on a message that outlived its rows is answered in a sentence."""
    with refused(r"no\. 404") as caught:
        await getattr(desk.intake, decision)(404, ALICE, FRESH)
    assert caught.value.code == "no_such_job"


async def test_too_late_to_cancel(works: Works, desk: Desk) -> None:
    """What is finished is not cancelled, and neither is what is uncertain: that has buttons of its own."""
    for job in (await works.steps.uncertain(), await works.steps.fetched(), await works.steps.delivered()):
        with pytest.raises(Refusal) as caught:
            await desk.intake.cancel(job.id, ALICE, FRESH)
        assert caught.value.code == "too_late"
        assert (await works.store.job(job.id)).state is job.state


async def test_what_is_being_made_is_cancelled_once_its_member_has_been_asked(works: Works, desk: Desk) -> None:
    """The first press changes nothing but the token; the second says it once, and then it is too late."""
    job = await works.steps.running()
    assert await desk.intake.cancel(job.id, ALICE, FRESH) == job
    assert (await works.store.view(job.request_id)).request.token == "fresh"
    assert works.presenter.asked == []
    await desk.intake.withdraw(job.id, ALICE)
    assert works.presenter.asked == [job.request_id]
    for press in (desk.intake.cancel(job.id, ALICE, FRESH), desk.intake.withdraw(job.id, ALICE)):
        with pytest.raises(Refusal) as caught:
            await press
        assert caught.value.code == "cancelled_already"


async def test_what_went_back_in_line_between_question_and_answer_is_cancelled_for_free(
    works: Works, desk: Desk
) -> None:
    """The provider did not take it, so that it waits once more."""
    job = await works.steps.submitting()
    assert await desk.intake.cancel(job.id, ALICE, FRESH) == job
    await works.store.back_to_queue(job.id, OWNER, BalanceError("empty"), None)
    await desk.intake.withdraw(job.id, ALICE)
    assert (await works.store.job(job.id)).state is JobState.CANCELLED
    assert sum(row.spent_microcredits for row in await works.store.usage(None)) == 0


async def test_a_confirmation_that_comes_after_the_picture_is_too_late(works: Works, desk: Desk) -> None:
    """It is about to be posted, or was."""
    for job in (await works.steps.fetched(), await works.steps.delivered()):
        with pytest.raises(Refusal) as caught:
            await desk.intake.withdraw(job.id, ALICE)
        assert caught.value.code == "too_late"


async def test_ordering_again_wakes_admission_and_is_decided_once(works: Works, desk: Desk) -> None:
    """The second press on either button finds the decision made."""
    job = await works.steps.uncertain()
    await desk.intake.retry(job.id, ALICE, FRESH)
    assert desk.woken == 1
    assert await works.store.waiting() == 1
    for decision in (desk.intake.retry, desk.intake.drop):
        with pytest.raises(Refusal) as caught:
            await decision(job.id, ALICE, FRESH)
        assert caught.value.code == "decided"
    assert await works.store.waiting() == 1


async def test_dropping_ends_an_uncertain_job(works: Works, desk: Desk) -> None:
    """Given up by its member; a waiting job is not dropped but cancelled."""
    uncertain = await works.steps.uncertain()
    await desk.intake.drop(uncertain.id, ALICE, FRESH)
    assert (await works.store.job(uncertain.id)).state is JobState.CANCELLED
    waiting = await works.steps.queued()
    with pytest.raises(Refusal):
        await desk.intake.drop(waiting.id, ALICE, FRESH)


async def test_nothing_is_ordered_before_its_member_was_answered(works: Works) -> None:
    """A request whose first answer is late waits until its message is shown, or for the moment that was set."""
    moment = works.clock.now() + timedelta(seconds=5)
    held = await works.store.accept(new_request(), not_before=moment)
    answered = await works.store.accept(new_request(), not_before=moment)
    job = (await works.store.view(answered)).jobs[0]
    assert await works.store.admit("me", most=9) == []
    await works.store.note_shown(answered, await works.steps.shown_with(job))
    assert [called.request_id for called in await works.store.admit("me", most=9)] == [answered]
    works.clock.shift(5)
    assert [called.request_id for called in await works.store.admit("me", most=9)] == [held]


async def test_request_whose_member_was_not_answered_is_taken_back(works: Works, desk: Desk) -> None:
    """Discord told the member that the bot did not respond: nothing is made, nothing is charged."""
    view = await works.store.view(await works.store.accept(new_request(count=2)))
    await desk.intake.unanswered(view)
    assert await works.store.states() == {JobState.CANCELLED: 2}
    assert sum(row.spent_microcredits for row in await works.store.usage(None)) == 0


async def test_a_reference_that_cannot_be_had_is_a_refusal(works: Works, desk: Desk) -> None:
    """Nothing was spent, and no message is left to be brought up to date: the member reads it privately."""
    with pytest.raises(Refusal) as caught:
        await desk.intake.remix(
            PictureSpec(prompt="x"),
            new_request().origin,
            references=(NewReference(url="https://elsewhere.test/a.png", name="a.png"),),
            private=False,
            lease=FRESH,
            upload_limit_bytes=1_000,
        )
    assert (caught.value.code, caught.value.values) == ("reference_foreign", {"number": 1, "name": "a.png"})
    assert await works.store.requests_behind() == []
    [job] = (await works.store.view(1)).jobs
    assert (job.state, job.cost) == (JobState.FAILED, Cost.NOTHING)
    assert desk.woken == 0
