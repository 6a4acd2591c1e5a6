"""Deletes pictures from the moderators' list: a select, a question, and a permission check in the picture's channel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.errors import Refusal
from bot.domain.job import Job, RequestView
from bot.domain.word_matching import cut
from bot.interactions.permissions import manages_messages, own_channel
from bot.interactions.responses import begin_answer, edit_answer, note_press
from bot.localization.catalogue import ENGLISH
from bot.localization.discord_locale import words_of
from bot.localization.escape import mention
from bot.ports.statistics import ListedJob
from bot.services.moderation import Moderation, Moderator
from bot.ui.access import Audience, Scope
from bot.ui.dynamic_items import DynamicPart, chosen_number
from bot.ui.job_button import JobButton, said, services_of

_MOST_LABEL: Final = 100


class Hand(Protocol):
    """The service that deletes."""

    @property
    def moderation(self) -> Moderation:
        """Moderators' actions."""
        ...


class ChooseToDelete(DynamicPart[ui.Select[Any]], template=r"usage_delete"):
    """Lists the pictures of a page; asks privately about the chosen one."""

    audience = Audience.MODERATORS
    scope = Scope.PICTURE_CHANNEL

    def __init__(self, listed: Sequence[ListedJob] = (), *, shared: bool = False) -> None:
        options = [
            discord.SelectOption(
                label=_label(of, shared=shared), value=str(of.job.id), description=of.request.spec.size
            )
            for of in listed
        ]
        super().__init__(
            ui.Select(
                custom_id="usage_delete",
                placeholder=ENGLISH("console.choose"),
                options=options or discord.utils.MISSING,
            )
        )

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:  # noqa: ARG003 - there is only one
        """Rebuild the select from a choice."""
        return cls()

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Ask whether to delete it."""
        await begin_answer(interaction)
        view, job = await _deletable(interaction, chosen_number(self))
        together = sum(other.retried_by is None for other in view.jobs)
        key = "console.delete" if together == 1 else "console.delete_many"
        question = ENGLISH(key, number=job.id, member=mention(job.user_id), pictures=together)
        button = DeleteListedButton(job.id, words_of(interaction))
        await edit_answer(interaction, view=said(question, button), allowed_mentions=discord.AllowedMentions.none())


class DeleteListedButton(JobButton, template=r"usage_really:(?P<job>[0-9]{1,18})"):
    """Deletes a listed picture; the permission is checked again."""

    audience = Audience.MODERATORS
    scope = Scope.PICTURE_CHANNEL
    action = "usage_really"
    style = discord.ButtonStyle.danger

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Delete, and replace the question by the result."""
        await note_press(interaction)
        view, _ = await _deletable(interaction, self.job_id)
        moderator = Moderator(user_id=interaction.user.id, guild_id=interaction.guild_id or 0)
        await cast(Hand, interaction.client.services).moderation.remove(moderator, view.request.id, "")
        told = words_of(interaction)("answer.deleted", number=self.job_id)
        await edit_answer(interaction, view=said(told))


async def _deletable(interaction: discord.Interaction[Any], job_id: int) -> tuple[RequestView, Job]:
    """A picture of this server, in a channel where the presser may manage messages; raises Refusal."""
    view, job = await services_of(interaction).pictures.find(job_id)
    if interaction.guild_id is None or job.guild_id != interaction.guild_id:
        raise Refusal("no_such_job", number=job_id)
    if not manages_messages(interaction, own_channel(view.request)):
        raise Refusal("not_moderating", number=job_id)
    return view, job


def _label(listed: ListedJob, *, shared: bool) -> str:
    hidden = shared and listed.request.private
    words = ENGLISH("console.private") if hidden else " ".join(listed.request.spec.prompt.split())
    return cut(f"{ENGLISH('console.number', number=listed.job.id)} · {words}", _MOST_LABEL)
