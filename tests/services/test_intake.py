"""Accepting requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.disk import DiskState
from bot.domain.errors import Cost, Refusal
from bot.domain.job import JobState, NewReference
from bot.domain.order import Order
from bot.domain.picture import PictureSpec, Resolution
from bot.ports import TokenLease
from bot.services.intake import Intake
from bot.services.presets import Presets
from tests.support.build import new_request
from tests.support.clock import START
from tests.support.pipeline_harness import PipelineHarness
from tests.support.refusals import refused

FRESH = TokenLease(token="fresh", expires_at=START + timedelta(minutes=15))
PRESS = replace(FRESH, message_id=99)
ORDER = Order(
    spec=PictureSpec(prompt="x"),
    origin=new_request().origin,
    private=False,
    lease=FRESH,
    upload_limit_bytes=1_000,
)


class Desk:
    """An intake that counts how often it wakes admission."""

    def __init__(self, pipeline_harness: PipelineHarness) -> None:
        self.woken = 0
        self.fetched: list[int] = []
        self.intake = Intake(
            requests=pipeline_harness.store,
            jobs=pipeline_harness.store,
            drafts=pipeline_harness.store.drafts,
            rules=pipeline_harness.rules,
            presets=Presets(pipeline_harness.store.presets),
            presenter=pipeline_harness.presenter,
            check_room=pipeline_harness.disk_watch.check,
            wake=self._wake,
            fetch_references=self.fetched.append,
            references_copied=pipeline_harness.reference_transport.copied,
            credit_price_1k=Decimal("0.06"),
            group_ratio=Decimal(2),
        )

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def desk(pipeline_harness: PipelineHarness) -> Desk:
    """An intake on the same store as the queue."""
    return Desk(pipeline_harness)


async def test_accepted_picture_has_the_installations_price(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """Price, multiplier and group ratio are applied on acceptance; admission is woken at once."""
    origin = new_request().origin
    spec = PictureSpec(prompt="x", resolution=Resolution.TWO_K)
    request_id = await desk.intake.accept(
        Order(spec=spec, origin=origin, private=True, lease=FRESH, upload_limit_bytes=1_000)
    )
    view = await pipeline_harness.store.view(request_id)
    assert [job.price_microcredits for job in view.jobs] == [160_000]
    assert (view.request.token, view.request.private, view.request.origin) == ("fresh", True, origin)
    assert desk.woken == 1


async def test_nothing_is_ordered_before_its_member_was_acknowledged(pipeline_harness: PipelineHarness) -> None:
    """A request whose initial response is late waits until that is recorded, or until the set time.

    A card shown meanwhile changes nothing: admission, which knows the time, would not be notified.
    """
    moment = pipeline_harness.clock.now() + timedelta(seconds=5)
    held = await pipeline_harness.store.accept(new_request(), not_before=moment)
    answered = await pipeline_harness.store.accept(new_request(), not_before=moment)
    job = (await pipeline_harness.store.view(answered)).jobs[0]
    await pipeline_harness.store.note_shown(answered, await pipeline_harness.steps.shown_with(job))
    assert await pipeline_harness.store.admit("me", most=9) == []
    assert await pipeline_harness.store.next_not_before(pipeline_harness.clock.now()) == moment
    await pipeline_harness.store.answers.answered(answered)
    assert [called.request_id for called in await pipeline_harness.store.admit("me", most=9)] == [answered]
    pipeline_harness.clock.shift(5)
    assert [called.request_id for called in await pipeline_harness.store.admit("me", most=9)] == [held]


async def test_request_whose_member_was_not_acknowledged_is_withdrawn(
    pipeline_harness: PipelineHarness, desk: Desk
) -> None:
    """Discord showed the member that the bot did not respond: nothing is made, nothing is charged."""
    view = await pipeline_harness.store.view(await pipeline_harness.store.accept(new_request(count=2)))
    await desk.intake.unanswered(view)
    assert await pipeline_harness.store.states() == {JobState.CANCELLED: 2}
    assert sum(row.spent_microcredits for row in await pipeline_harness.store.usage(None)) == 0


async def test_unavailable_reference_is_a_refusal(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """Nothing was charged, and no message needs a refresh: the member reads the refusal privately."""
    with pytest.raises(Refusal) as caught:
        await desk.intake.accept(
            replace(ORDER, references=(NewReference(url="https://elsewhere.test/a.png", name="a.png"),), kind="remix")
        )
    assert (caught.value.code, caught.value.values) == ("reference_foreign", {"number": 1, "name": "a.png"})
    assert await pipeline_harness.store.requests_behind() == []
    [job] = (await pipeline_harness.store.view(1)).jobs
    assert (job.state, job.cost) == (JobState.FAILED, Cost.NOTHING)
    assert desk.woken == 0


@pytest.mark.parametrize("count", [-1, 0, 5, 10**9])
async def test_picture_count_that_no_command_offers_is_refused(
    pipeline_harness: PipelineHarness, desk: Desk, count: int
) -> None:
    """Discord enforces the command's range, a modified client does not.

    A request without a picture could never be shown.
    """
    with pytest.raises(Refusal) as refusal:
        await desk.intake.accept(replace(ORDER, count=count))
    assert (refusal.value.code, await pipeline_harness.store.requests_behind()) == ("no_such_count", [])


async def test_full_disk_refuses_before_anything_is_stored(pipeline_harness: PipelineHarness, desk: Desk) -> None:
    """From memory: a database on a full disk is better not used."""
    pipeline_harness.disk = DiskState(free_bytes=0)
    await pipeline_harness.disk_watch.look()
    with refused("disk is full"):
        await desk.intake.accept(ORDER)
    assert await pipeline_harness.store.states() == {}
    assert desk.woken == 0
