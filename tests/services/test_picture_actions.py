"""Actions of members on finished pictures, down to the rows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.errors import Refusal
from bot.domain.job import NewReference
from bot.domain.picture import MAX_REFERENCES, PictureSpec, Resolution
from bot.ports import TokenLease
from bot.services.intake import Intake
from bot.services.picture_actions import PictureActions, Presser, PressOrder
from bot.services.presets import Presets
from tests.support.build import ALICE, BOB, CHANNEL, new_request
from tests.support.clock import START
from tests.support.pipeline_harness import PipelineHarness
from tests.support.refusals import refused

FRESH = TokenLease(token="fresh", expires_at=START + timedelta(minutes=15))
ELSEWHERE = CHANNEL + 1


def ask(user_id: int = BOB, *, private: bool = False) -> PressOrder:
    """A member's press."""
    return PressOrder(
        origin=new_request(user_id=user_id).origin, private=private, lease=FRESH, upload_limit_bytes=1_000
    )


def presser(user_id: int = ALICE, *, moderates: bool = False, channel_id: int = CHANNEL) -> Presser:
    """The member who presses Delete."""
    return Presser(user_id=user_id, channel_id=channel_id, moderates=moderates)


async def _arrived(_request_id: int) -> None:
    """References that are available at once."""


@pytest.fixture
def intake(pipeline_harness: PipelineHarness) -> Intake:
    """Accepts orders into the same store as the queue; a picture costs one credit at 1K."""
    return Intake(
        requests=pipeline_harness.store,
        jobs=pipeline_harness.store,
        drafts=pipeline_harness.store.drafts,
        rules=pipeline_harness.rules,
        presets=Presets(pipeline_harness.store.presets),
        presenter=pipeline_harness.presenter,
        check_room=pipeline_harness.disk_watch.check,
        wake=lambda: None,
        fetch_references=lambda _: None,
        references_copied=_arrived,
        credit_price_1k=Decimal(1),
        group_ratio=Decimal(1),
    )


@pytest.fixture
def pictures(pipeline_harness: PipelineHarness) -> PictureActions:
    """The service on the same store as the queue."""
    return PictureActions(
        requests=pipeline_harness.store, jobs=pipeline_harness.store, presenter=pipeline_harness.presenter
    )


async def test_again_copies_request_and_references_for_the_presser(
    pipeline_harness: PipelineHarness, pictures: PictureActions, intake: Intake
) -> None:
    """Bob's request has Alice's settings and references, his own origin and price, and records its source."""
    references = (
        NewReference(url="https://cdn/a", name="a.png", file_name="a"),
        NewReference(url="", name="x", file_name="b"),
    )
    new = replace(new_request(prompt="a kite", resolution=Resolution.TWO_K), references=references)
    job = (await pipeline_harness.store.view(await pipeline_harness.store.accept(new))).jobs[0]
    bobs = ask()
    view = await pipeline_harness.store.view(await intake.accept(await pictures.again(job.id, bobs)))
    assert view.request.spec == new.spec
    assert view.request.origin == bobs.origin
    assert (view.request.kind, view.request.parent_job_id) == ("again", job.id)
    assert [(r.url, r.name, r.file_name) for r in view.request.references] == [
        ("https://cdn/a", "a.png", "a"), ("", "x", "b"),
    ]  # fmt: skip
    assert [job.price_microcredits for job in view.jobs] == [1_333_333]


async def test_edited_keeps_what_the_form_does_not_include(
    pipeline_harness: PipelineHarness, pictures: PictureActions, intake: Intake
) -> None:
    """Prompt, size and resolution are new; search and style stay."""
    kept: dict[str, Any] = {
        "google_search": True,
        "google_image_search": True,
        "style": "noir",
        "style_text": "black and white",
    }
    new = replace(new_request(), spec=PictureSpec(prompt="x", **kept))
    job = (await pipeline_harness.store.view(await pipeline_harness.store.accept(new))).jobs[0]
    changed = PictureSpec(prompt="y", size="16:9", resolution=Resolution.FOUR_K)
    view = await pipeline_harness.store.view(await intake.accept(await pictures.edited(job.id, changed, ask())))
    assert view.request.spec == replace(changed, **kept)


async def test_edited_prompt_leaves_room_for_its_style(
    pipeline_harness: PipelineHarness, pictures: PictureActions
) -> None:
    """A prompt that is too long with its style is refused."""
    spec = PictureSpec(prompt="x", style="noir", style_text="black and white")
    job = (
        await pipeline_harness.store.view(await pipeline_harness.store.accept(replace(new_request(), spec=spec)))
    ).jobs[0]
    with pytest.raises(Refusal) as caught:
        await pictures.edited(job.id, PictureSpec(prompt="y" * 4_000), ask())
    assert caught.value.code == "long_styled_prompt"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Resolution.HALF_K, Resolution.ONE_K),
        (Resolution.ONE_K, Resolution.TWO_K),
        (Resolution.TWO_K, Resolution.FOUR_K),
    ],
)
async def test_bigger_goes_up_one_resolution(
    before: Resolution, after: Resolution, pipeline_harness: PipelineHarness, pictures: PictureActions, intake: Intake
) -> None:
    """With the file on our disk as the one reference."""
    job = await pipeline_harness.steps.delivered(resolution=before)
    view = await pipeline_harness.store.view(await intake.accept(await pictures.bigger(job.id, ask())))
    assert view.request.spec.resolution is after
    assert [(r.url, r.file_name) for r in view.request.references] == [("", f"{job.id}.png")]


async def test_nothing_is_bigger_than_4k(pipeline_harness: PipelineHarness, pictures: PictureActions) -> None:
    """A press that Discord would not offer is refused anyway."""
    job = await pipeline_harness.steps.delivered(resolution=Resolution.FOUR_K)
    with pytest.raises(Refusal) as caught:
        await pictures.bigger(job.id, ask())
    assert caught.value.code == "largest"


async def test_bigger_without_our_copy_uses_the_message_or_reports_that_there_is_none(
    pipeline_harness: PipelineHarness, pictures: PictureActions, intake: Intake
) -> None:
    """A URL is copied like any other reference; without one there is no source."""
    job = await pipeline_harness.steps.delivered()
    await pipeline_harness.store.files_removed([job.id])
    view = await pipeline_harness.store.view(
        await intake.accept(await pictures.bigger(job.id, ask(), shown_at="https://cdn/x.png"))
    )
    assert [(r.url, r.file_name) for r in view.request.references] == [("https://cdn/x.png", None)]
    with pytest.raises(Refusal) as caught:
        await pictures.bigger(job.id, ask())
    assert caught.value.code == "shown_nowhere"


async def test_bigger_respects_the_reference_limit_and_their_order(
    pipeline_harness: PipelineHarness, pictures: PictureActions, intake: Intake
) -> None:
    """Already fourteen: the last is dropped, so that the prompt's "image 1" keeps its position."""
    given = tuple(NewReference(url=f"u{n}", name=f"{n}", file_name=f"f{n}") for n in range(MAX_REFERENCES))
    view = await pipeline_harness.store.view(
        await pipeline_harness.store.accept(replace(new_request(), references=given))
    )
    address = "https://cdn/x.png"
    bigger = await pipeline_harness.store.view(
        await intake.accept(await pictures.bigger(view.jobs[0].id, ask(), shown_at=address))
    )
    assert [r.url for r in bigger.request.references] == [*(f"u{n}" for n in range(MAX_REFERENCES - 1)), address]


@pytest.mark.parametrize("who", [presser(BOB), presser(BOB, moderates=True, channel_id=ELSEWHERE)])
async def test_only_requester_and_moderators_of_the_channel_delete(
    who: Presser, pipeline_harness: PipelineHarness, pictures: PictureActions
) -> None:
    """Moderating another channel gives no permission here."""
    job = await pipeline_harness.steps.delivered()
    for attempt in (pictures.may_delete(job.id, who, FRESH), pictures.delete(job.id, who)):
        with pytest.raises(Refusal) as caught:
            await attempt
        assert caught.value.code == "not_yours_to_delete"
    assert (await pipeline_harness.store.view(job.request_id)).request.deleted_at is None


async def test_token_of_a_press_on_another_message_is_not_stored(
    pipeline_harness: PipelineHarness, pictures: PictureActions
) -> None:
    """It belongs to the message that was pressed, and would delete that one."""
    job = await pipeline_harness.steps.delivered()
    shown = (await pipeline_harness.store.view(job.request_id)).request.message_id
    await pictures.may_delete(job.id, presser(), replace(FRESH, message_id=1))
    assert (await pipeline_harness.store.view(job.request_id)).request.token == "interaction-token"
    await pictures.may_delete(job.id, presser(), replace(FRESH, message_id=shown))
    assert (await pipeline_harness.store.view(job.request_id)).request.token == "fresh"


async def test_picture_is_deleted_once(pipeline_harness: PipelineHarness, pictures: PictureActions) -> None:
    """A refresh of its message is requested, which deletes it; afterwards there is no such picture."""
    job = await pipeline_harness.steps.delivered()
    await pictures.delete(job.id, presser())
    assert pipeline_harness.presenter.asked == [job.request_id]
    assert await pipeline_harness.store.requests_behind() == [job.request_id]
    looking = pictures.look(job.id, presser())
    for attempt in (pictures.delete(job.id, presser()), pictures.again(job.id, ask()), looking):
        with pytest.raises(Refusal) as caught:
            await attempt
        assert caught.value.code == "no_such_job"


async def test_of_two_presses_at_once_one_deletes_and_the_other_is_refused(
    pipeline_harness: PipelineHarness, pictures: PictureActions
) -> None:
    """Both were allowed to; the second is too late, which is not a delivery error."""
    job = await pipeline_harness.steps.delivered()
    outcomes = await asyncio.gather(
        pictures.delete(job.id, presser()), pictures.delete(job.id, presser()), return_exceptions=True
    )
    assert sorted(getattr(outcome, "code", "deleted") for outcome in outcomes) == ["deleted", "no_such_job"]


async def test_unfinished_picture_is_not_deleted(pipeline_harness: PipelineHarness, pictures: PictureActions) -> None:
    """A running picture is paid for; its message must exist to show it."""
    for job in (
        await pipeline_harness.steps.running(),
        await pipeline_harness.steps.fetched(),
        await pipeline_harness.steps.uncertain(),
    ):
        with pytest.raises(Refusal) as caught:
            await pictures.delete(job.id, presser())
        assert caught.value.code == "not_deletable"


async def test_unknown_picture_is_refused(pictures: PictureActions) -> None:
    """A button on a message that outlived its rows is answered with a sentence."""
    with refused(r"no\. 404"):
        await pictures.look(404, presser())


async def test_forged_number_orders_and_reveals_nothing_of_a_picture_elsewhere(
    pipeline_harness: PipelineHarness, pictures: PictureActions
) -> None:
    """Custom ids carry numbers, and a client may send any: another member's private picture is not reachable."""
    job = await pipeline_harness.steps.delivered(private=True)
    bob, spec = ask(BOB), PictureSpec(prompt="mine")
    for attempt in (
        pictures.look(job.id, bob.viewer),
        pictures.again(job.id, bob),
        pictures.bigger(job.id, bob),
        pictures.edited(job.id, spec, bob),
        pictures.remixed(job.id, spec, bob),
    ):
        with pytest.raises(Refusal) as caught:
            await attempt
        assert caught.value.code == "no_such_job"
