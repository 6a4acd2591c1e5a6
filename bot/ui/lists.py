"""Private lists of a member: the queue with its Cancel buttons, and the gallery with its pages."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any, Final, Self, cast

import discord
from discord import ui

from bot.domain.errors import Markup, Refusal
from bot.domain.job import Job, JobState, Request, RequestView
from bot.domain.word_matching import cut
from bot.interactions.error_replies import answer_error
from bot.interactions.responses import edit_answer, note_press
from bot.localization.catalogue import Words
from bot.localization.discord_locale import words_of
from bot.localization.escape import escaped, timestamp
from bot.ports.lists import GalleryEntry, GalleryPage
from bot.services.library import PAGE, Library
from bot.ui import text
from bot.ui.access import Audience
from bot.ui.dynamic_items import DynamicPart, message_of
from bot.ui.job_button import JobButton
from bot.ui.order_buttons import cancel_or_ask, may_cancel

MAX_FILTER_CHARACTERS: Final = 60
"""The filter is part of the buttons' custom ids (100 characters), so that they never expire and need no row."""
_MOST_LISTED: Final = 10
_MOST_CHARACTERS: Final = 3_600
_SHOWN_PROMPT: Final = 80
_UNDER_WAY: Final = frozenset(
    {JobState.QUEUED, JobState.SUBMITTING, JobState.RUNNING, JobState.FETCHED, JobState.UNCERTAIN}
)


class LeaveButton(JobButton, template=r"leave:(?P<job>[0-9]{1,18})"):
    """Cancels a job from the list of `/queue`, and updates the list."""

    audience = Audience.REQUESTER
    action = "leave"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel or ask, then show the remaining jobs; after a refusal, the list is updated too."""
        await note_press(interaction)
        try:
            # The token of this press belongs to the list's message and cannot edit the request's own.
            await cancel_or_ask(interaction, self.job_id, None)
        except Refusal as refusal:
            await answer_error(interaction, refusal)
        views = await cast(Library, interaction.client.services.library).under_way(interaction.user.id)
        await edit_answer(interaction, view=queue_view(views, words_of(interaction)))


class GalleryButton(DynamicPart[ui.Button[Any]], template=r"gallery:(?P<page>[0-9]{1,6}):(?P<words>(?s:.{0,60}))"):
    """Shows a page of the presser's own gallery."""

    audience = Audience.REQUESTER

    def __init__(self, page: int, words: str, label: str) -> None:
        super().__init__(ui.Button(label=label, custom_id=f"gallery:{page}:{words}"))
        self.page = page
        self.words = words

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """Rebuild the button from a press."""
        return cls(int(match["page"]), match["words"], match["page"])

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Replace the shown page by this one."""
        await note_press(interaction)
        await show_gallery(interaction, self.page, self.words)


LIST_BUTTONS: Final = (LeaveButton, GalleryButton)


def queue_view(views: list[RequestView], words: Words) -> ui.LayoutView:
    """A member's active jobs: the state of each, a link to it, and Cancel."""
    listed = [(job, view) for view in views for job in view.jobs if job.state in _UNDER_WAY and job.retried_by is None]
    container: ui.Container[ui.LayoutView] = ui.Container()
    if not listed:
        container.add_item(ui.TextDisplay(words("list.nothing_under_way")))
        return message_of(container)
    container.add_item(ui.TextDisplay(f"**{words('list.under_way')}** · {len(listed)}"))
    room = _MOST_CHARACTERS
    shown = 0
    for job, view in listed[:_MOST_LISTED]:
        entry = _queue_entry(job, view, words)
        room -= len(entry)
        if room < 0:
            break
        shown += 1
        if may_cancel(job):
            container.add_item(ui.Section(entry, accessory=LeaveButton(job.id, words)))
        else:
            container.add_item(ui.TextDisplay(entry))
    if shown < len(listed):
        container.add_item(ui.TextDisplay("-# " + words("list.more", count=len(listed) - shown)))
    return message_of(container)


def _queue_entry(job: Job, view: RequestView, words: Words) -> str:
    link = jump_link(view.request)
    shown = f" · {words('list.show', link=link)}" if link else ""
    return f"{short_prompt(view.request)}\n{text.status(job, view, words)}{shown}"


async def show_gallery(interaction: discord.Interaction[Any], page: int, wanted: str) -> None:
    """Complete a deferred answer with a page of the member's gallery and its thumbnails."""
    library = cast(Library, interaction.client.services.library)
    found, page = await library.gallery(interaction.user.id, page=page, words=wanted)
    thumbnails = await library.thumbnails(found)
    files = [discord.File(path, _thumbnail_name(job_id)) for job_id, path in thumbnails.items()]
    view = gallery_view(found, page, wanted, words_of(interaction), thumbnails)
    await edit_answer(interaction, view=view, attachments=files)


def gallery_view(
    found: GalleryPage, page: int, wanted: str, words: Words, thumbnails: Container[int] = ()
) -> ui.LayoutView:
    """One page of a member's pictures, with buttons to the previous and next one.

    `wanted` are the words to find in prompts, or ""; `thumbnails` are the job ids whose thumbnails are attached.
    """
    container: ui.Container[ui.LayoutView] = ui.Container()
    if not found.total:
        container.add_item(ui.TextDisplay(words("list.none_with" if wanted else "list.none")))
        return message_of(container)
    last = (found.total - 1) // PAGE
    heading = [f"**{words('list.pictures')}**", words("list.count", count=found.total)]
    if wanted:
        heading[1] = words("list.count_with", count=found.total, wanted=escaped(wanted))
    if last:
        heading.append(words("list.page", page=page + 1, pages=last + 1))
    container.add_item(ui.TextDisplay(" · ".join(heading)))
    for entry in found.entries:
        told = _gallery_entry(entry, words)
        small = _thumbnail(entry) if entry.job.id in thumbnails else None
        container.add_item(ui.TextDisplay(told) if small is None else ui.Section(told, accessory=small))
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    if page > 0:
        row.add_item(GalleryButton(page - 1, wanted, words("button.newer")))
    if page < last:
        row.add_item(GalleryButton(page + 1, wanted, words("button.older")))
    if row.children:
        container.add_item(row)
    return message_of(container)


def _thumbnail_name(job_id: int) -> str:
    return f"{text.file_stem(job_id)}small.webp"


def _thumbnail(entry: GalleryEntry) -> ui.Thumbnail[ui.LayoutView]:
    spec = entry.request.spec
    media = f"attachment://{_thumbnail_name(entry.job.id)}"
    return ui.Thumbnail(media, description=text.alt_text(spec), spoiler=spec.spoiler)


def _gallery_entry(entry: GalleryEntry, words: Words) -> str:
    """Number, prompt, date, settings, and how to see it: a link if others can see it too, else the command."""
    job, request = entry.job, entry.request
    parts = [timestamp(job.finished_at or job.created_at, "d"), request.spec.size]
    parts.append(request.spec.resolution.value)
    link = jump_link(request) if job.attachment_id is not None else None
    if link:
        parts.append(words("list.show", link=link))
    elif job.picture_file is not None:
        parts.append(f"`/collect {job.id}`")
    return f"**{job.id}** {short_prompt(request)}\n-# {' · '.join(parts)}"


def jump_link(request: Request) -> Markup | None:
    """The address of a request's message; None if there is none, or if the message is ephemeral."""
    if request.message_id is None or (request.private and request.message_by == "interaction"):
        return None
    guild = "@me" if request.message_by == "dm" else request.origin.guild_id or "@me"
    return Markup(f"https://discord.com/channels/{guild}/{request.channel_id}/{request.message_id}")


def short_prompt(request: Request) -> str:
    """The beginning of a prompt on one line, escaped; dots if the prompt was deleted."""
    words = " ".join(request.spec.prompt.split()) or "…"
    return escaped(cut(words, _SHOWN_PROMPT))
