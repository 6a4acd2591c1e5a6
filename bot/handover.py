"""Handing pictures over on request: a new message with the card and the files, here or by direct message."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord

from bot.delivery import direct_channel
from bot.domain.errors import Refusal
from bot.domain.job import JobState, RequestView
from bot.domain.limits import MAX_TOGETHER_BYTES
from bot.jobs.collecting import Collection
from bot.ports import Fitted
from bot.ui.card import file_name, render
from bot.ui.text import alt_text
from bot.ui.uploads import is_too_large

log = logging.getLogger(__name__)


class Handover:
    """Answers an interaction that was deferred with pictures that are on our disk."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def give(self, interaction: discord.Interaction[Any], view: RequestView, *, private: bool) -> None:
        """Show a request's pictures in a message of their own and record it; raises Refusal where there is no way."""
        limit_bytes = min(interaction.filesize_limit, MAX_TOGETHER_BYTES)
        rung = 0
        while True:
            files = await self._collection.fitted(view, limit_bytes, rung=rung)
            try:
                message = await self._send(interaction, view, files, private=private)
                break
            except discord.HTTPException as error:
                if not is_too_large(error):
                    raise
                rung = 1 + max(fitted.rung for fitted in files.values())
        await self._collection.handed_over(view, message_id=message.id, channel_id=message.channel.id)
        log.info("handed_over", extra={"request_id": view.request.id, "job_ids": [job.id for job in view.jobs]})

    async def _send(
        self, interaction: discord.Interaction[Any], view: RequestView, files: Mapping[int, Fitted], *, private: bool
    ) -> discord.Message:
        """Send as a follow-up; where Discord does not let it through, by direct message."""
        try:
            return await interaction.followup.send(
                **_message(view, files),
                ephemeral=private,
                allowed_mentions=discord.AllowedMentions.none(),
                wait=True,
            )
        except discord.Forbidden as error:
            log.info("handover_forbidden", extra={"request_id": view.request.id, "code": error.code})
        try:
            channel = await direct_channel(interaction.client, interaction.user.id)
            return await channel.send(**_message(view, files))
        except discord.Forbidden:
            numbers = tuple(str(job.id) for job in view.jobs)
            raise Refusal("no_way", numbers=numbers) from None


def _message(view: RequestView, files: Mapping[int, Fitted]) -> dict[str, Any]:
    """What to send: the card as it looks once the pictures are delivered. Files are opened anew for each try."""
    jobs = tuple(replace(job, state=JobState.DELIVERED, shown_as=files[job.id].shrunk) for job in view.jobs)
    names = {job.id: file_name(job, files[job.id].extension) for job in jobs}
    description = alt_text(view.request.spec)
    return {
        "view": render(replace(view, jobs=jobs), names).view,
        "files": [discord.File(files[n].path, filename=name, description=description) for n, name in names.items()],
    }
