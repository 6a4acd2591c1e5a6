"""Prompts that expand to several: stored until their member confirms, with all options of the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.disk import DiskState
from bot.domain.draft import AsksFirst
from bot.domain.job import NewReference
from bot.domain.order import Order
from bot.domain.picture import PictureSpec, Resolution
from bot.ports import TokenLease
from bot.services.intake import Intake
from bot.services.picture_actions import PictureActions, PressOrder
from bot.services.presets import Presets
from tests.support.build import ALICE, BOB, CHANNEL, new_request
from tests.support.clock import START
from tests.support.pipeline_harness import PipelineHarness
from tests.support.refusals import refused

FRESH = TokenLease(token="fresh", expires_at=START + timedelta(minutes=15))
SEVERAL = PictureSpec(prompt="{ink, oil}", resolution=Resolution.FOUR_K)


class Counter:
    """An intake and the picture service on top, with counters for what they wake."""

    def __init__(self, pipeline_harness: PipelineHarness) -> None:
        self.fetched: list[int] = []
        self.presenter = pipeline_harness.presenter
        self.intake = Intake(
            requests=pipeline_harness.store,
            jobs=pipeline_harness.store,
            drafts=pipeline_harness.store.drafts,
            rules=pipeline_harness.rules,
            presets=Presets(pipeline_harness.store.presets),
            presenter=pipeline_harness.presenter,
            check_room=pipeline_harness.disk_watch.check,
            wake=lambda: None,
            fetch_references=self.fetched.append,
            references_copied=self._arrived,
            credit_price_1k=Decimal(1),
            group_ratio=Decimal(1),
        )
        self.pictures = PictureActions(
            requests=pipeline_harness.store,
            jobs=pipeline_harness.store,
            presenter=pipeline_harness.presenter,
        )

    async def _arrived(self, _request_id: int) -> None:
        """References that are available at once."""

    async def asked(self, **order: Any) -> AsksFirst:
        """The confirmation that an order of Alice's leads to."""
        with pytest.raises(AsksFirst) as caught:
            await self.intake.accept(replace(_ORDER, **{"origin": new_request().origin, **order}))
        return caught.value


_ORDER = Order(
    spec=SEVERAL,
    origin=new_request().origin,
    private=False,
    lease=FRESH,
    upload_limit_bytes=1_000,
    kind="remix",
)


@pytest.fixture
def counter(pipeline_harness: PipelineHarness) -> Counter:
    """On the same store as the queue; a picture costs one credit at 1K."""
    return Counter(pipeline_harness)


async def test_confirmed_order_has_everything_of_the_question(
    pipeline_harness: PipelineHarness, counter: Counter
) -> None:
    """Settings, references and price of the question; channel and token of the press that confirmed."""
    pictures = (NewReference(url="https://cdn.test/a.png", name="a.png"),)
    asked = await counter.asked(references=pictures, count=2, private=True)
    assert asked.draft.total_microcredits == 8_000_000
    made = await counter.intake.make(asked.draft_id, new_request().origin, lease=FRESH, upload_limit_bytes=5)
    views = [await pipeline_harness.store.view(request_id) for request_id in made]
    assert [view.request.spec.prompt for view in views] == ["ink", "oil"]
    assert [[job.price_microcredits for job in view.jobs] for view in views] == [[2_000_000] * 2] * 2
    assert all(view.request.apart and view.request.private for view in views)
    assert {(view.request.token, view.request.origin.channel_id) for view in views} == {("fresh", CHANNEL)}
    assert [[r.name for r in view.request.references] for view in views] == [["a.png"]] * 2
    assert (counter.fetched, counter.presenter.asked) == (made, made)


async def test_confirmation_works_only_in_the_channel_of_its_question(counter: Counter) -> None:
    """From another channel nothing is made; in its own it still works."""
    asked = await counter.asked()
    elsewhere = replace(new_request().origin, channel_id=77)
    with refused("in another place"):
        await counter.intake.make(asked.draft_id, elsewhere, lease=FRESH, upload_limit_bytes=5)
    assert len(await counter.intake.make(asked.draft_id, new_request().origin, lease=FRESH, upload_limit_bytes=5)) == 2


async def test_picture_that_its_member_can_no_longer_see_is_not_used(
    pipeline_harness: PipelineHarness, counter: Counter
) -> None:
    """Another member's picture that was made private between the question and its answer."""
    parent = await pipeline_harness.steps.running(user_id=BOB)
    asked = await counter.asked(parent_job_id=parent.id)
    view = await pipeline_harness.store.view(parent.request_id)
    message = TokenLease(token="private", expires_at=START + timedelta(minutes=15), message_id=99)
    assert await pipeline_harness.store.moves.move_to_private(view.request.id, message)
    with refused("no picture"):
        await counter.intake.make(asked.draft_id, new_request().origin, lease=FRESH, upload_limit_bytes=5)
    assert await pipeline_harness.store.drafts.find(asked.draft_id) is not None


async def test_question_is_answered_once_by_its_own_member(pipeline_harness: PipelineHarness, counter: Counter) -> None:
    """Another member can neither confirm nor cancel, and after one answer the other is refused."""
    asked = await counter.asked()
    bobs = new_request(user_id=BOB).origin
    for answer in (
        counter.intake.make(asked.draft_id, bobs, lease=FRESH, upload_limit_bytes=5),
        counter.intake.drop_draft(asked.draft_id, BOB),
    ):
        with refused("another member"):
            await answer
    await counter.intake.drop_draft(asked.draft_id, ALICE)
    with refused("answered already"):
        await counter.intake.make(asked.draft_id, new_request().origin, lease=FRESH, upload_limit_bytes=5)
    assert (await pipeline_harness.store.waiting(), counter.presenter.asked) == (0, [])


async def test_user_install_is_limited_to_five(counter: Counter) -> None:
    """Each card is a follow-up of the one press, and Discord allows no more."""
    visiting = replace(new_request().origin, bot_present=False)
    six = PictureSpec(prompt="{a,b,c,d,e,f}")
    order = Order(spec=six, origin=visiting, private=False, lease=FRESH, upload_limit_bytes=5)
    with refused("5 is the limit"):
        await counter.intake.accept(order)


async def test_edited_prompt_asks_first_and_ordering_again_does_not(
    pipeline_harness: PipelineHarness, counter: Counter
) -> None:
    """A picture's own prompt is literal, whatever braces it has; a newly typed one may expand."""
    reference = NewReference(url="", name="x", file_name="9.png")
    new = replace(new_request(prompt="{ink, oil}"), references=(reference,))
    job = (await pipeline_harness.store.view(await pipeline_harness.store.accept(new))).jobs[0]
    ask = PressOrder(origin=new_request(user_id=BOB).origin, private=False, lease=FRESH, upload_limit_bytes=5)
    again = await pipeline_harness.store.view(await counter.intake.accept(await counter.pictures.again(job.id, ask)))
    assert again.request.spec.prompt == "{ink, oil}"
    order = await counter.pictures.edited(job.id, SEVERAL, replace(ask, origin=new_request(user_id=BOB).origin))
    with pytest.raises(AsksFirst) as caught:
        await counter.intake.accept(order)
    draft = caught.value.draft
    assert (draft.user_id, draft.kind, draft.parent_job_id) == (BOB, "edit", job.id)
    assert draft.references == (reference,)


async def test_question_outlives_a_full_disk(pipeline_harness: PipelineHarness, counter: Counter) -> None:
    """Confirmed while there is no room, it is refused for now; later the same question can be confirmed."""
    asked = await counter.asked()
    press = new_request().origin
    pipeline_harness.disk = DiskState(free_bytes=0)
    await pipeline_harness.disk_watch.look()
    with refused("disk is full"):
        await counter.intake.make(asked.draft_id, press, lease=FRESH, upload_limit_bytes=5)
    pipeline_harness.disk = DiskState(free_bytes=10**12)
    await pipeline_harness.disk_watch.look()
    assert len(await counter.intake.make(asked.draft_id, press, lease=FRESH, upload_limit_bytes=5)) == 2
