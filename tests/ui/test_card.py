"""The card of a job in each state, as the components that are sent to Discord."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from bot.domain.errors import Cost
from bot.domain.job import Gate, Job, JobState, RequestView
from bot.domain.picture import PictureSpec
from bot.ui.card import Card, render
from tests.support.build import ALICE, a_job, a_request, a_view
from tests.support.clock import START
from tests.support.openapi import discords_description

S = JobState
CLOSED = Gate(closed=True, reason="balance", since=START, probe_at=START, backoff_s=60)
Json = dict[str, Any]


def components_of(card: Card) -> list[Json]:
    """The card's JSON payload."""
    return cast("list[Json]", card.view.to_components())  # type: ignore[no-untyped-call]  # discord.py's own gap


def every(components: list[Json]) -> Iterator[Json]:
    """All components, nested ones included."""
    for component in components:
        yield component
        yield from every(component.get("components", []))


def words(card: Card) -> str:
    """All text of a card."""
    return "\n".join(part["content"] for part in every(components_of(card)) if part["type"] == 10)


def buttons(card: Card) -> list[str]:
    """The custom ids of a card's buttons."""
    return [part["custom_id"] for part in every(components_of(card)) if part["type"] == 2]


def media(card: Card) -> list[Json]:
    """The items of a card's galleries."""
    return [item for part in every(components_of(card)) if part["type"] == 12 for item in part["items"]]


def accent(card: Card) -> int:
    """The colour of the container."""
    (container,) = components_of(card)
    return int(container["accent_color"])


def shown(*jobs: Job, **view: Any) -> Card:
    """The card of these jobs; those with a picture have its file."""
    return render(a_view(*jobs, **view), {job.id: f"imagine-{job.id}.png" for job in jobs if job.picture_file})


VIEWS: dict[str, RequestView] = {
    "next in line": a_view(a_job(), places={7: 1}),
    "third in line": a_view(a_job(), places={7: 3}),
    "balance empty": a_view(a_job(), places={7: 2}, gate=CLOSED),
    "key refused": a_view(a_job(), places={7: 2}, gate=replace(CLOSED, reason="invalid_key")),
    "submitting": a_view(a_job(S.SUBMITTING)),
    "running": a_view(replace(a_job(S.RUNNING), eta_at=START + timedelta(seconds=40))),
    "running without forecast": a_view(a_job(S.RUNNING)),
    "fetched": a_view(a_job(S.FETCHED)),
    "delivered": a_view(a_job(S.DELIVERED)),
    "ready": a_view(a_job(S.READY)),
    "failed": a_view(a_job(S.FAILED, error_code="content_refused")),
    "uncertain": a_view(a_job(S.UNCERTAIN, cost=Cost.POSSIBLY)),
    "ordered again": a_view(
        replace(a_job(S.UNCERTAIN, cost=Cost.POSSIBLY), retried_by=8), a_job(job_id=8), places={8: 1}
    ),
    "cancelled": a_view(a_job(S.CANCELLED)),
    "withdrawn": a_view(replace(a_job(S.RUNNING), withdrawn_at=START)),
    "made all the same": a_view(replace(a_job(S.READY), withdrawn_at=START)),
    "one of two withdrawn": a_view(a_job(S.RUNNING), replace(a_job(S.RUNNING, job_id=8), withdrawn_at=START)),
    "four at once": a_view(*(replace(a_job(S.FETCHED, job_id=n), position=n) for n in (1, 2, 3, 4))),
    "four made smaller": a_view(
        *(replace(a_job(S.DELIVERED, job_id=n), position=n, shown_as="WebP") for n in (1, 2, 3, 4))
    ),
    "longest prompt": a_view(a_job(), request=a_request(spec=PictureSpec(prompt="*_`~|>#" * 571 + "abc"))),
    "private": a_view(a_job(), request=a_request(private=True)),
    "direct message": a_view(a_job(), request=replace(a_request(), origin=replace(a_request().origin, guild_id=None))),
    "four waiting": a_view(*(a_job(job_id=n) for n in (1, 2, 3, 4))),
}


@pytest.mark.parametrize("name", VIEWS)
def test_card_is_what_discord_accepts(name: str) -> None:
    """Every card is valid by Discord's OpenAPI description, as a new message and as an edit."""
    description = discords_description()
    view = VIEWS[name]
    card = render(view, {job.id: f"imagine-{job.id}.png" for job in view.jobs if job.picture_file})
    body = {"flags": 1 << 15, "components": components_of(card)}
    assert description.request_errors("POST", "/channels/{channel_id}/messages", body) == {}
    assert description.request_errors("PATCH", "/channels/{channel_id}/messages/{message_id}", body) == {}


@pytest.mark.parametrize("name", VIEWS)
def test_card_keeps_within_discords_limits(name: str) -> None:
    """At most 4,000 characters and 40 components, no duplicate custom id: the description does not check these."""
    view = VIEWS[name]
    card = render(view, {job.id: f"imagine-{job.id}.png" for job in view.jobs if job.picture_file})
    assert len(words(card)) <= 4_000
    assert len(list(every(components_of(card)))) <= 40
    assert len(buttons(card)) == len(set(buttons(card)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("next in line", ["Next in line", "no. 7"]),
        ("ready", ["could not post it", "`/collect` hands it over", "no. 7"]),
        ("third in line", ["3rd in line", "no. 7"]),
        ("balance empty", ["balance is empty", "2nd in line", "nothing is lost", "nothing was charged", "no. 7"]),
        ("key refused", ["refuses this bot's key", "nothing is lost"]),
        ("submitting", ["Sending it", "no. 7"]),
        ("running", ["at work", "ready about <t:", ":R>", "no. 7"]),
        ("running without forecast", ["at work", "no. 7"]),
        ("delivered", ["ready in 41 s", "no. 7"]),
        ("failed", ["declined this prompt", "It cost nothing", "Change the prompt", "no. 7"]),
        ("uncertain", ["may have been charged (1 credit)", "charged twice", "no. 7"]),
        ("ordered again", ["Next in line", "no. 8", "no. 7 before it may have been charged"]),
        ("cancelled", ["Cancelled", "It cost nothing", "no. 7"]),
        ("withdrawn", ["Cancelled", "may have been charged (1 credit)", "`/collect` hands it over", "no. 7"]),
        ("made all the same", ["Cancelled, but", "charged", "`/collect` hands it over", "no. 7"]),
        ("one of two withdrawn", ["1 of 2 at work", "Cancelled while it was being made", "no. 8"]),
        ("private", ["private"]),
    ],
)
def test_text_of_each_state(name: str, expected: list[str]) -> None:
    """Each card has the state or result, the cost, what to do, and its number."""
    text = words(render(VIEWS[name], {}))
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("next in line", ["cancel:7", "hide:7"]),
        ("balance empty", ["cancel:7", "hide:7"]),
        ("submitting", ["cancel:7", "hide:7"]),
        ("running", ["cancel:7", "hide:7"]),
        ("withdrawn", []),
        ("made all the same", []),
        ("fetched", []),
        ("delivered", []),
        ("failed", []),
        ("uncertain", ["retry:7", "drop:7"]),
        ("ordered again", ["cancel:8", "hide:8"]),
        ("cancelled", []),
        ("private", ["cancel:7"]),
        ("direct message", ["cancel:7"]),
        ("four waiting", ["cancel:1", "cancel:2", "cancel:3", "cancel:4", "hide:1"]),
    ],
)
def test_buttons_of_each_state(name: str, expected: list[str]) -> None:
    """Only possible actions have a button, and the button carries its job's number."""
    assert buttons(render(VIEWS[name], {})) == expected


def test_states_have_distinct_colours() -> None:
    """Waiting, paused, running, done, failed and uncertain each have their own accent; done is one colour."""
    names = ("next in line", "balance empty", "running", "delivered", "failed", "uncertain", "cancelled")
    assert len({accent(render(VIEWS[name], {})) for name in names}) == len(names)
    done = ("fetched", "delivered", "ready")
    assert len({accent(render(VIEWS[name], {})) for name in done}) == 1


@pytest.mark.parametrize(
    ("code", "text", "told"),
    [
        ("reference_gone", "1 [gift](https://x.example)", "Image 1 (\\[gift](https\\://x.example)) is no longer there"),
        ("bad_reference", "Image 2 ([gift](https://x.example)) is gone.", "Image 2 (\\[gift](https\\://x.example)) is"),
        ("references_unreachable", "whatever", "Discord's file server could not be reached"),
    ],
)
def test_refused_reference_is_named_as_plain_text(code: str, text: str, told: str) -> None:
    """Names of avatars and stickers are user input; no markup here, nor in earlier rows."""
    job = replace(a_job(S.FAILED, error_code=code), error_text=text)
    assert told in words(shown(job))


def test_footer_has_member_settings_and_price() -> None:
    """Who ordered, with which options, for how much."""
    spec = PictureSpec(prompt="x", size="16:9", google_search=True, google_image_search=True)
    card = render(a_view(a_job(), a_job(job_id=8), request=a_request(spec=spec, private=True)), {})
    assert f"-# <@{ALICE}> · 16:9 · 1K · Google image search · private · 2 credits" in words(card)


def test_price_of_a_retried_order_is_shown_once() -> None:
    """The footer has the price of the running job; the possible charge is on its own line."""
    assert " · 1 credit\n" in words(render(VIEWS["ordered again"], {})) + "\n"


@pytest.mark.parametrize("length", [300, 301, 4_000])
def test_prompt_is_cut_at_300_characters(length: int) -> None:
    """A long prompt ends in an ellipsis; the limit counts the characters that the member typed."""
    text = words(shown(a_job(), request=a_request(spec=PictureSpec(prompt="a" * length)))).split("\n")[0]
    assert text == ("a" * 300 if length == 300 else "a" * 299 + "…")


@pytest.mark.parametrize(
    "prompt",
    ["**bold** _it_ `code`", "# heading", "> quote", "- item", "||secret||", "[click](https://evil.example)", "~~no~~"],
)
def test_markup_in_a_prompt_is_escaped(prompt: str) -> None:
    """A prompt cannot imitate the bot's own text."""
    text = words(shown(a_job(), request=a_request(spec=PictureSpec(prompt=prompt)))).split("\n")[0]
    assert text != prompt
    assert text.replace("\\", "") == prompt
    assert "\\" in text


@pytest.mark.parametrize("mention", ["@everyone", "@here", "<@123456789012345678>", "<@&123456789012345678>"])
def test_mentions_in_a_prompt_do_not_ping(mention: str) -> None:
    """The text stays readable."""
    assert mention not in words(shown(a_job(), request=a_request(spec=PictureSpec(prompt=f"hi {mention}"))))


def test_picture_has_its_prompt_as_description() -> None:
    """Screen readers get the prompt; a long one is cut."""
    (item,) = media(shown(a_job(S.FETCHED), request=a_request(spec=PictureSpec(prompt="z" * 900))))
    assert item["media"]["url"] == "attachment://imagine-7.png"
    assert len(item["description"]) == 256
    assert item["description"].endswith("z…")


def test_picture_without_a_file_is_not_named() -> None:
    """Discord would refuse a gallery that names a file which is not sent."""
    card = render(VIEWS["fetched"], {})
    assert media(card) == []
    assert card.pictures == ()


def test_four_pictures_are_one_gallery_in_order() -> None:
    """One message, four pictures."""
    jobs = VIEWS["four at once"].jobs
    card = shown(*jobs)
    assert [item["media"]["url"] for item in media(card)] == [f"attachment://imagine-{n}.png" for n in (1, 2, 3, 4)]
    assert card.pictures == jobs


def test_shrunk_picture_says_so() -> None:
    """The card says what was done to fit the upload limit."""
    assert "shown as WebP" in words(shown(replace(a_job(S.DELIVERED), shown_as="WebP")))


def test_only_a_shrunk_picture_offers_its_original() -> None:
    """If the message shows the original file, there is no Original button."""
    offers = [buttons(shown(replace(a_job(S.DELIVERED), shown_as=shrunk))) for shrunk in ("", "WebP")]
    assert ["original:7" in ids for ids in offers] == [False, True]


def test_digest_is_the_same_for_the_same_rows_and_differs_for_others() -> None:
    """An edit that would change nothing is detected."""
    digests = {name: render(view, {}).digest for name, view in VIEWS.items()}
    assert digests == {name: render(view, {}).digest for name, view in VIEWS.items()}
    different = set(VIEWS) - {"delivered", "ready", "fetched"}
    assert len({digests[name] for name in different}) == len(different)


def test_delivery_itself_changes_nothing_on_the_card() -> None:
    """The card of a fetched picture equals the card of the delivered one: no second edit is needed."""
    assert shown(a_job(S.FETCHED)).digest == shown(a_job(S.DELIVERED)).digest


@pytest.mark.parametrize("state", S)
def test_results_are_news_and_progress_is_not(state: JobState) -> None:
    """A picture, a failure or a question is news; waiting and running is progress."""
    progress = {S.QUEUED, S.SUBMITTING, S.RUNNING}
    assert shown(a_job(state)).urgent is (state not in progress)


def test_progress_leaves_the_last_edit_for_the_picture() -> None:
    """Of three edits a job, two may be progress."""
    left = [shown(a_job(S.RUNNING), request=a_request(edits=edits)).edits_left for edits in range(4)]
    assert left == [True, True, False, False]


def test_transient_state_is_not_worth_an_edit() -> None:
    """Submitting lasts a second; the edit is kept for what follows."""
    assert not shown(a_job(S.SUBMITTING)).edits_left


@pytest.mark.parametrize(
    ("code", "cost"),
    [
        (code, cost)
        for code in ("bad_request", "forbidden", "platform_error", "unavailable", "task_failed", "internal")
        for cost in (Cost.NOTHING,)
    ]
    + [("task_unknown", Cost.POSSIBLY), ("task_timeout", Cost.POSSIBLY), ("result_gone", Cost.CHARGED)]
    + [("result_forbidden", Cost.CHARGED)]
    + [("not_a_picture", Cost.CHARGED), ("too_large", Cost.CHARGED), ("too_many_pixels", Cost.CHARGED)],
)
def test_each_failure_says_what_it_cost(code: str, cost: Cost) -> None:
    """Nothing, possibly something, or the price; and what to do about it."""
    text = words(shown(a_job(S.FAILED, error_code=code, cost=cost)))
    said = {"nothing": "It cost nothing.", "possibly": "It may have been charged (1 credit).", "charged": "(1 credit)"}
    assert said[cost.value] in text
    assert "❌" in text
    assert ("inside this bot" in text) is (code == "internal")


def test_references_are_below_the_picture_and_are_spoilered_with_it() -> None:
    """Their contact sheet has a description for screen readers; without a sheet nothing is there."""
    view = a_view(a_job(S.DELIVERED), request=a_request(spec=PictureSpec(prompt="a cat", spoiler=True)))
    picture, sheet = media(render(view, {7: "imagine-7.png"}, with_sheet=True))
    assert picture["media"]["url"] == "attachment://imagine-7.png"
    assert sheet["media"]["url"] == "attachment://imagine-references-1.webp"
    assert (sheet["description"], sheet["spoiler"]) == ("The pictures that it was made from", True)
    assert len(media(render(view, {7: "imagine-7.png"}))) == 1
