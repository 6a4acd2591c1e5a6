"""The buttons under a picture, its form, and the text of Details."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from bot.domain.errors import Cost
from bot.domain.job import Job, JobState, Reference
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.preset import Preset
from bot.localization.catalogue import ENGLISH, LOCALES, words_for
from bot.ui.card import Card, render
from bot.ui.details import details
from bot.ui.modals import edit_form, remix_form
from bot.ui.remix_modal import Offer
from sandbox.discord.message_rules import check_modal
from tests.support.build import ALICE, a_job, a_request, a_view
from tests.support.clock import START
from tests.support.openapi import discords_description

Json = dict[str, Any]


def buttons(card: Card) -> list[tuple[str, str]]:
    """Custom ids and labels of the buttons under a picture."""
    (container,) = cast("list[Json]", card.view.to_components())  # type: ignore[no-untyped-call]  # discord.py's gap
    rows = [part for part in container["components"] if part["type"] == 1]
    return [(button["custom_id"], button["label"]) for row in rows for button in row["components"]]


def rows(card: Card) -> list[list[str]]:
    """Custom ids of the buttons, row by row."""
    (container,) = cast("list[Json]", card.view.to_components())  # type: ignore[no-untyped-call]  # discord.py's gap
    parts = [part for part in container["components"] if part["type"] == 1]
    return [[button["custom_id"] for button in part["components"]] for part in parts]


def with_picture(job: Job, spec: PictureSpec) -> Card:
    """The card of a job whose picture is in the message."""
    return render(a_view(job, request=a_request(spec=spec)), {job.id: f"imagine-{job.id}.png"})


@pytest.mark.parametrize("state", [JobState.FETCHED, JobState.DELIVERED])
def test_picture_has_its_buttons_in_two_rows(state: JobState) -> None:
    """Buttons that order another picture first, then the rest; each carries only the job's number."""
    card = with_picture(a_job(state), PictureSpec(prompt="x"))
    assert rows(card) == [["remix:7", "again:7", "edit:7", "bigger:7"], ["details:7", "delete:7"]]
    smaller = with_picture(replace(a_job(state), shown_as="WebP"), PictureSpec(prompt="x"))
    assert rows(smaller)[1] == ["details:7", "delete:7", "original:7"]


@pytest.mark.parametrize(
    ("resolution", "paid", "label"),
    [
        (Resolution.HALF_K, 1_000_000, "Bigger: 1K, 1 credit"),
        (Resolution.ONE_K, 60_000, "Bigger: 2K, 0.08 credits"),
        (Resolution.TWO_K, 1_333_333, "Bigger: 4K, 2 credits"),
    ],
)
def test_bigger_shows_its_cost(resolution: Resolution, paid: int, label: str) -> None:
    """At the price that this installation charged for the picture."""
    job = replace(a_job(JobState.DELIVERED), price_microcredits=paid)
    assert ("bigger:7", label) in buttons(with_picture(job, PictureSpec(prompt="x", resolution=resolution)))


def test_largest_picture_has_no_bigger() -> None:
    """There is nothing above 4K."""
    card = with_picture(a_job(JobState.DELIVERED), PictureSpec(prompt="x", resolution=Resolution.FOUR_K))
    assert rows(card) == [["remix:7", "again:7", "edit:7"], ["details:7", "delete:7"]]


@pytest.mark.parametrize("locale", ["en-GB", *LOCALES])
@pytest.mark.parametrize("length", [1, 4_000])
def test_form_is_what_discord_accepts(length: int, locale: str) -> None:
    """Valid by Discord's OpenAPI description in each language, also with the longest prompt."""
    description = discords_description()
    spec = PictureSpec(prompt="x" * length, size="21:9", resolution=Resolution.FOUR_K)
    form = edit_form(10**17, 10**18, spec, words_for(locale)).to_dict()
    body = {"type": 9, "data": form}
    check_modal(copy.deepcopy(form))
    assert description.request_errors("POST", "/interactions/{interaction_id}/{interaction_token}/callback", body) == {}


@pytest.mark.parametrize("locale", ["en-GB", *LOCALES])
@pytest.mark.parametrize("styles", [0, 40])
def test_remix_form_is_what_discord_accepts(styles: int, locale: str) -> None:
    """Valid by Discord's OpenAPI description in each language, with the highest numbers and any number of styles."""
    description = discords_description()
    offer = Offer(price=lambda _: 10**12, styles=[Preset(name="x" * 32, text="y" * 500) for _ in range(styles)])
    form = remix_form(10**17, 10**18, offer, words_for(locale)).to_dict()
    body = {"type": 9, "data": form}
    check_modal(copy.deepcopy(form))
    assert description.request_errors("POST", "/interactions/{interaction_id}/{interaction_token}/callback", body) == {}
    assert len(form["components"]) == 5


def test_form_is_prefilled() -> None:
    """Prompt, size and resolution as they were; all sizes can be chosen."""
    form = edit_form(7, 99, PictureSpec(prompt="a kite", size="16:9", resolution=Resolution.TWO_K), ENGLISH).to_dict()
    prompt, size, resolution = (part["component"] for part in form["components"])
    assert prompt["value"] == "a kite"
    assert [option["value"] for option in size["options"] if option.get("default")] == ["16:9"]
    assert len(size["options"]) == 14
    assert [option["value"] for option in resolution["options"] if option.get("default")] == ["2K"]


def test_details_show_everything_in_the_rows() -> None:
    """Settings, references and their changes, cost as reported, times, the model's file, ids."""
    references = tuple(Reference(position=n, url="u", name=f"p_{n}.gif", note="first frame") for n in range(2))
    request = replace(
        a_request(spec=PictureSpec(prompt="a kite", google_search=True), private=True),
        references=references,
        parent_job_id=3,
    )
    job = replace(
        a_job(JobState.DELIVERED, cost=Cost.CHARGED), reported_cost=0.0672, effective_resolution="0.5K",
        shown_as="WebP", submitted_at=START + timedelta(seconds=1), finished_at=START + timedelta(seconds=42),
    )  # fmt: skip
    embed = details(a_view(job, request=request), job, ENGLISH).embed
    told = "\n".join([str(embed.description), *(str(field.value) for field in embed.fields), str(embed.footer.text)])
    for words in (
        "```\na kite\n```", f"<@{ALICE}>", "1:1 · 1K (made at 0.5K) · Google search · private", "1 credit, charged",
        "The provider reported 0.0672 credits: 0.93 credits less",
        "1. p\\_0.gif (first frame)", "2. p\\_1.gif (first frame)",
        "the model took 40 s", "1024 by 1024 px · PNG", "shown as WebP",
        "picture no. 7 · request no. 1 · made from no. 3",
    ):  # fmt: skip
        assert words in told


@pytest.mark.parametrize("prompt", ["x" * 4_000, "`" * 4_000, "```" + "y" * 3_990])
def test_details_keep_within_discords_limits(prompt: str) -> None:
    """A prompt that does not fit into the embed is attached as a file, in full."""
    references = tuple(Reference(position=n, url="u", name="_" * 200, note="n" * 90) for n in range(14))
    job = a_job(JobState.DELIVERED)
    view = a_view(job, request=replace(a_request(spec=PictureSpec(prompt=prompt)), references=references))
    told = details(view, job, ENGLISH)
    assert len(str(told.embed.description)) <= 4_096
    assert len(told.embed) <= 6_000
    assert all(len(str(field.value)) <= 1_024 for field in told.embed.fields)
    assert prompt in str(told.embed.description) or told.prompt_file.decode() == prompt
