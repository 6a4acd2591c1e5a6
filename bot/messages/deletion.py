"""Deletes messages of deleted requests, with our copies of their pictures, and public ones of requests made private."""

from __future__ import annotations

import logging
from dataclasses import replace

from bot.domain.job import JobState, Request, RequestView
from bot.messages.fallback_chain import FallbackChain
from bot.ports import JobStore, PictureFiles, RequestStore
from bot.ports.moves import MoveStore

log = logging.getLogger(__name__)


class MessageDeletion:
    """Deletes what must not be visible any more. All methods may raise DeliveryTrouble and can then be called again."""

    def __init__(
        self,
        *,
        fallback_chain: FallbackChain,
        requests: RequestStore,
        jobs: JobStore,
        moves: MoveStore,
        files: PictureFiles,
    ) -> None:
        self._fallback_chain = fallback_chain
        self._requests = requests
        self._jobs = jobs
        self._moves = moves
        self._files = files

    async def remove(self, view: RequestView) -> None:
        """Delete the message of a deleted request, and its pictures from our disk."""
        for job in view.jobs:
            if job.state is JobState.FETCHED:  # the picture arrived after its job was given up
                await self._jobs.ready(job.id, "its message was deleted before it came")
        if not await self._fallback_chain.remove(view.request):
            log.warning("message_not_removed", extra={"request_id": view.request.id})
        for copy in await self._requests.copies(view.request.id):
            await self._fallback_chain.remove(
                replace(
                    view.request,
                    message_id=copy.message_id,
                    channel_id=copy.channel_id,
                    message_by="bot",
                    private=False,
                    origin=replace(view.request.origin, bot_present=True),  # the bot could post where a copy is
                )
            )
        await self.remove_left(view.request)
        pictures = await self._jobs.unneeded_files(view.request.id)  # the others are deleted by retention
        for job in view.jobs:
            await self._files.remove_thumbnail(job.id)
        for job_id in pictures:
            await self._files.remove(job_id)
        await self._jobs.files_removed(pictures)

    async def remove_left(self, request: Request) -> None:
        """Delete the public message that a request had before it became private."""
        for left in await self._moves.left(request.id):
            there = replace(
                request, message_id=left.message_id, channel_id=left.channel_id, message_by=left.by, private=False,
                apart=left.apart, token=left.token, token_expires_at=left.token_expires_at,
            )  # fmt: skip
            if not await self._fallback_chain.remove(there):
                log.warning("left_message_not_removed", extra={"request_id": request.id})
            await self._moves.removed(left.message_id)
