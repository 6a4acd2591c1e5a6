"""Sends pictures on request: a new message with the card and the files, here or by direct message."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import discord

from bot.domain.errors import Refusal
from bot.domain.job import JobState, RequestView
from bot.domain.limits import MAX_TOGETHER_BYTES
from bot.interactions.responses import tried_twice
from bot.messages.fallback_chain import direct_channel
from bot.ports import Fitted
from bot.ports.stores import Copy
from bot.services.library import Library
from bot.ui.card import file_name, opening, render
from bot.ui.text import alt_text
from bot.ui.upload_limits import is_too_large

log = logging.getLogger(__name__)


class Resend:
    """Answers a deferred interaction with pictures that are on our disk."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def give(self, interaction: discord.Interaction[Any], view: RequestView, *, private: bool) -> None:
        """Send a request's pictures in a new message; raises Refusal if that is not possible.

        The message is recorded before the pictures are added: an unrecorded one could never be deleted.
        """
        limit_bytes = min(interaction.filesize_limit, MAX_TOGETHER_BYTES)
        files = await self._library.fitted(view, limit_bytes)
        message = await _begun(interaction, view, private=private)
        place = Copy(message_id=message.id, channel_id=message.channel.id)
        await self._library.begun(view, place)
        await self._fill(message, view, files, limit_bytes)
        await self._library.handed_over(view, place)
        log.info("handed_over", extra={"request_id": view.request.id, "job_ids": [job.id for job in view.jobs]})

    async def _fill(
        self, message: discord.Message, view: RequestView, files: Mapping[int, Fitted], limit_bytes: int
    ) -> None:
        """Add the card and the files to a message, smaller each time that Discord rejects them as too large."""
        while True:
            filling = partial(_filled, message, view, files)
            try:
                await tried_twice(filling, filling, None)
                return
            except discord.HTTPException as error:
                if not is_too_large(error):
                    raise
            try:
                rung = 1 + max(fitted.rung for fitted in files.values())
                files = await self._library.fitted(view, limit_bytes, rung=rung)
            except Refusal:
                await message.delete()
                raise


async def _begun(interaction: discord.Interaction[Any], view: RequestView, *, private: bool) -> discord.Message:
    """Post a follow-up without pictures; a direct message if Discord rejects that."""
    try:
        nobody = discord.AllowedMentions.none()
        return await interaction.followup.send(
            view=opening(view), ephemeral=private, allowed_mentions=nobody, wait=True
        )
    except discord.Forbidden as error:
        log.info("handover_forbidden", extra={"request_id": view.request.id, "code": error.code})
    try:
        channel = await direct_channel(interaction.client, interaction.user.id)
        return await channel.send(view=opening(view))
    except discord.Forbidden:
        numbers = tuple(str(job.id) for job in view.jobs)
        raise Refusal("no_way", numbers=numbers) from None


async def _filled(message: discord.Message, view: RequestView, files: Mapping[int, Fitted]) -> None:
    """Show the card as it looks once the pictures are delivered. Files are opened for each attempt."""
    jobs = tuple(replace(job, state=JobState.DELIVERED, shown_as=files[job.id].shrunk) for job in view.jobs)
    names = {job.id: file_name(job, files[job.id].extension) for job in jobs}
    description = alt_text(view.request.spec)
    await message.edit(
        view=render(replace(view, jobs=jobs), names).view,
        attachments=[discord.File(files[n].path, filename=name, description=description) for n, name in names.items()],
        allowed_mentions=discord.AllowedMentions.none(),
    )
