"""For any rows, Discord accepts the message that shows them, and it mentions no one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.draft import Draft
from bot.domain.job import Reference
from bot.domain.picture import MAX_PROMPT_CHARACTERS, MAX_REFERENCES, PictureSpec
from bot.localization.catalogue import LOCALES, Words, words_for
from bot.localization.escape import escaped
from bot.ports.lists import GalleryEntry, GalleryPage
from bot.ports.statistics import JobFilter, JobsFound, ListedJob
from bot.services.library import PAGE
from bot.ui.card import render
from bot.ui.confirm import question
from bot.ui.details import details
from bot.ui.lists import MAX_FILTER_CHARACTERS, gallery_view, queue_view
from bot.ui.modals import edit_form, remix_form
from bot.ui.remix_modal import Offer
from bot.ui.usage_pages import MAX_WORDS, jobs_view
from sandbox.discord.message_rules import check_modal, check_result
from sandbox.discord.model import MessageFlag
from tests.properties.rows import LARGEST, LARGEST_JOB, MOST_PRICE, Rows, any_rows

_LANGUAGES = st.sampled_from(["en-GB", *LOCALES]).map(words_for)


def assert_discord_takes(view: ui.LayoutView, *, attachments: int = 0) -> None:
    """Validate components by Discord's rules as the sandbox implements them: raises Discord's error."""
    to_components: Callable[[], list[Any]] = view.to_components
    check_result(
        content="", embeds=[], components=to_components(), flags=MessageFlag.IS_COMPONENTS_V2, attachments=attachments
    )


@given(any_rows, st.booleans())
async def test_any_rows_make_a_card(rows: Rows, with_sheet: bool) -> None:
    """Also after many attempts, with every text of full length and full of markup."""
    view = rows.view()
    files = {job.id: f"imagine-{job.id}.png" for job in view.jobs if job.picture_file}
    card = render(view, files, with_sheet=with_sheet)
    assert_discord_takes(card.view, attachments=len(card.pictures) + with_sheet)
    assert {job.id for job in card.pictures} <= files.keys()
    assert render(view, files, with_sheet=with_sheet).digest == card.digest


@given(any_rows, _LANGUAGES)
def test_any_rows_have_details(rows: Rows, language: Words) -> None:
    """The embed is within its limits, or the prompt is attached as a file."""
    view = rows.view()
    for job in view.jobs[-2:]:
        told = details(view, job, language, age_restricted=True)
        check_result(content="", embeds=[dict(told.embed.to_dict())], components=[], flags=0, attachments=1)
        assert told.prompt_file or view.request.spec.prompt in (told.embed.description or "")


@pytest.mark.parametrize("language", ["en-GB", "es-ES", "de"])
def test_the_longest_words_have_details(language: str) -> None:
    """A prompt of full length that just fits, with a style and references of full length."""
    longest = PictureSpec(prompt="x" * 3_498, style="*" * 32, style_text="*" * 500, google_search=True, spoiler=True)
    names = tuple(Reference(position=number, url="", name="*" * 300) for number in range(MAX_REFERENCES))
    files = set()
    for rows in map(Rows, range(20)):
        view = rows.view()
        view = replace(view, request=replace(view.request, spec=longest, references=names))
        told = details(view, view.jobs[-1], words_for(language), age_restricted=True)
        check_result(content="", embeds=[dict(told.embed.to_dict())], components=[], flags=0, attachments=1)
        files.add(told.prompt_file)
    assert files == {b"", b"x" * 3_498}


@given(any_rows, _LANGUAGES)
async def test_any_requests_make_a_queue(rows: Rows, language: Words) -> None:
    """A member's list of any length, with a button for each job that can be cancelled."""
    assert_discord_takes(queue_view([rows.view() for _ in range(4)], language))


@given(any_rows, st.integers(0, 999), _LANGUAGES, st.booleans())
async def test_any_pictures_make_a_gallery(rows: Rows, page: int, language: Words, with_pictures: bool) -> None:
    """A page with its thumbnails and buttons."""
    entries = [GalleryEntry(job=rows.job(rows.job_id()), request=rows.request()) for _ in range(PAGE)]
    found = GalleryPage(entries=entries, total=(page + 2) * PAGE)
    small = {entry.job.id for entry in entries} if with_pictures else set()
    view = gallery_view(found, page, rows.words(MAX_FILTER_CHARACTERS), language, small)
    assert_discord_takes(view, attachments=len(small))


@given(any_rows, st.booleans(), st.booleans())
async def test_any_pictures_make_a_moderators_list(rows: Rows, further: bool, shared: bool) -> None:
    """A page of `/usage jobs` with its select and its buttons."""
    entries = [ListedJob(job=rows.job(rows.job_id()), request=rows.request()) for _ in range(10)]
    after = LARGEST_JOB if further else None
    found = JobsFound(entries=entries, next_job_id=after, looked_at=len(entries))
    assert_discord_takes(jobs_view(found, JobFilter(words=rows.words(MAX_WORDS)), after, shared=shared))


@given(any_rows, _LANGUAGES, st.integers(0, MOST_PRICE))
async def test_any_picture_opens_its_forms(rows: Rows, language: Words, price: int) -> None:
    """*Edit prompt* and *Remix* open, for any prompt and any number of styles."""
    check_modal(edit_form(LARGEST_JOB, LARGEST, rows.spec(), language).to_dict())
    styles = {preset.name: preset for preset in (rows.preset() for _ in range(30))}
    offer = Offer(price=lambda _: price, styles=list(styles.values()))
    check_modal(remix_form(LARGEST_JOB, LARGEST, offer, language).to_dict())


@given(any_rows, _LANGUAGES)
async def test_any_prompts_make_a_confirmation(rows: Rows, language: Words) -> None:
    """Up to eight long prompts fit in one message."""
    prompts = tuple(rows.words(MAX_PROMPT_CHARACTERS, least=1) for _ in range(8))
    draft = Draft(
        user_id=1, kind="imagine", spec=rows.spec(), prompts=prompts, private=False, count=4,
        price_microcredits=MOST_PRICE,
    )  # fmt: skip
    assert_discord_takes(question(LARGEST_JOB, draft, language))


@given(any_rows)
def test_members_text_mentions_no_one(rows: Rows) -> None:
    """Text shown outside code blocks has no mention that Discord's clients would highlight."""
    shown = escaped(rows.words(300))
    assert not re.search(r"@everyone|@here|<@[!&]?\d{17,20}>", shown)
