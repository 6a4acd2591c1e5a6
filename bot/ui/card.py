"""Renders a request's rows as the components of its message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import discord
from discord import ui

from bot.domain.job import SETTLED, Job, JobState, RequestView
from bot.localization.catalogue import Words, words_for
from bot.ui import text
from bot.ui.dynamic_items import message_of
from bot.ui.order_buttons import CancelButton, DropButton, MoveButton, RetryButton, may_cancel, may_move
from bot.ui.picture_buttons import picture_rows
from bot.ui.picture_select import ChoosePicture

_MOST_EDITS_A_JOB: Final = 3
_HAS_PICTURE: Final = frozenset({JobState.FETCHED, JobState.DELIVERED, JobState.READY})
_COLOUR: Final = {
    JobState.QUEUED: discord.Colour.light_grey(),
    JobState.SUBMITTING: discord.Colour.blurple(),
    JobState.RUNNING: discord.Colour.blurple(),
    JobState.FETCHED: discord.Colour.green(),
    JobState.DELIVERED: discord.Colour.green(),
    JobState.READY: discord.Colour.green(),
    JobState.FAILED: discord.Colour.red(),
    JobState.UNCERTAIN: discord.Colour.orange(),
    JobState.CANCELLED: discord.Colour.dark_grey(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A rendered message. `pictures` are the jobs whose files it shows; `digest` is equal for equal messages.

    `urgent` cards must be shown; others are progress, shown only while edits are left. `worth_a_post` cards get a new
    message if theirs is gone: all urgent ones except those on which the member cancelled everything.
    """

    view: ui.LayoutView
    pictures: tuple[Job, ...]
    digest: str
    urgent: bool
    worth_a_post: bool
    edits_left: bool


def file_name(job: Job, extension: str) -> str:
    """The name of a job's file in its message."""
    return text.file_stem(job.id) + extension


def render(request: RequestView, files: Mapping[int, str], *, with_sheet: bool = False) -> Card:
    """Render a request in its member's language; `files` has the file name of each job with a picture, by job id.

    `with_sheet` says that the contact sheet of the references is attached.
    """
    words = words_for(request.request.origin.locale)
    current = [job for job in request.jobs if job.retried_by is None]
    pictures = tuple(job for job in request.jobs if job.state in _HAS_PICTURE and job.id in files)
    container: ui.Container[ui.LayoutView] = ui.Container(accent_colour=_accent(request, current))
    container.add_item(ui.TextDisplay(text.quoted_prompt(request.request.spec)))
    container.add_item(ui.TextDisplay(text.small_print(request, words)))
    if pictures:
        gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        for job in pictures:
            description = text.alt_text(request.request.spec)
            spoiler = request.request.spec.spoiler
            gallery.add_item(media=f"attachment://{files[job.id]}", description=description, spoiler=spoiler)
        container.add_item(gallery)
    if with_sheet:
        shown: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        sheet = f"attachment://{text.sheet_name(request.request.id)}"
        shown.add_item(media=sheet, description=words("card.sheet"), spoiler=request.request.spec.spoiler)
        container.add_item(shown)
    lines = text.statuses(current, request, words)
    lines += [text.earlier_attempt(job, words) for job in request.jobs if job.retried_by is not None]
    container.add_item(ui.TextDisplay("\n".join(lines)))
    _add_rows(container, request, current, pictures, words)
    view = message_of(container)
    return Card(
        view=view,
        pictures=pictures,
        digest=_digest(view),
        urgent=_is_news(current),
        worth_a_post=_is_news(current) and not all(_taken_back(job) for job in current),
        edits_left=request.request.edits < _MOST_EDITS_A_JOB * len(request.jobs) - 1 and not _passing(current),
    )


def opening(request: RequestView) -> ui.LayoutView:
    """The text of a new message until its card is added; it stays correct if a crash leaves it like that."""
    words = words_for(request.request.origin.locale)
    current = [job for job in request.jobs if job.retried_by is None]
    container: ui.Container[ui.LayoutView] = ui.Container(accent_colour=discord.Colour.light_grey())
    container.add_item(ui.TextDisplay(text.quoted_prompt(request.request.spec)))
    container.add_item(ui.TextDisplay(text.small_print(request, words)))
    container.add_item(ui.TextDisplay(f"⏳ {words('card.opening')}\n-# {text.numbers(current, words)}"))
    return message_of(container)


def _is_news(jobs: list[Job]) -> bool:
    """Whether a picture has arrived, a job was withdrawn by its member, or all jobs have ended or are uncertain."""
    settled = all(job.state in SETTLED or job.state is JobState.UNCERTAIN for job in jobs)
    return settled or any(job.state is JobState.FETCHED or job.withdrawn_at is not None for job in jobs)


def _taken_back(job: Job) -> bool:
    """Whether its member cancelled or withdrew it."""
    return job.state is JobState.CANCELLED or job.withdrawn_at is not None


def _passing(jobs: list[Job]) -> bool:
    """Whether the next change is due in a moment, so that none of the limited edits should be spent now."""
    return any(job.state is JobState.SUBMITTING for job in jobs)


def _accent(request: RequestView, jobs: list[Job]) -> discord.Colour:
    if request.gate.shut and any(job.state is JobState.QUEUED for job in jobs):
        return discord.Colour.gold()
    return _COLOUR[jobs[-1].state]


def _add_rows(
    container: ui.Container[ui.LayoutView],
    request: RequestView,
    jobs: list[Job],
    pictures: tuple[Job, ...],
    words: Words,
) -> None:
    """The buttons: decisions first, then those of the picture, or the select if there are several pictures."""
    several = len(jobs) > 1
    waiting: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    for job in jobs:
        if may_cancel(job):
            label = words("button.cancel_numbered", number=job.id) if several else ""
            waiting.add_item(CancelButton(job.id, words, label))
        elif job.state is JobState.UNCERTAIN:
            row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
            label = words("button.retry_numbered", number=job.id) if several else ""
            row.add_item(RetryButton(job.id, words, label))
            label = words("button.drop_numbered", number=job.id) if several else ""
            row.add_item(DropButton(job.id, words, label))
            container.add_item(row)
    if waiting.children:
        if may_move(request.request):
            waiting.add_item(MoveButton(jobs[0].id, words))
        container.add_item(waiting)
    if several and pictures:
        choice: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        choice.add_item(ChoosePicture(request.request.id, words, pictures))
        container.add_item(choice)
    elif pictures:
        for row in picture_rows(request, pictures[0], words):
            container.add_item(row)


def _digest(view: ui.LayoutView) -> str:
    to_components: Callable[[], object] = view.to_components  # discord.py does not declare its return type
    components = json.dumps(to_components(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(components.encode()).hexdigest()[:16]
