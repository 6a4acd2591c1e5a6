"""Stores pending responses: under high load an interaction is deferred first and its order stored later.

If the process is killed in between, the member would see "thinking" forever. So each deferral is stored too, in batched
writes; the next process notifies the members of those that are still pending that nothing was ordered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import aiohttp
import discord

from bot.clock import Clock
from bot.domain.errors import StoreError
from bot.ops.backpressure import Backpressure
from bot.ports.pending_responses import PendingResponse, PendingResponseStore
from bot.tasks import TaskGroup

log = logging.getLogger(__name__)

_GATHER_S: Final = 0.02
"""Changes within so many seconds share one write."""
_AT_ONCE: Final = 4
_PAUSE_S: Final = 5.0
_CLOSE_S: Final = 1.0


class PendingResponses:
    """Records pending responses, and notifies the members of those that an earlier process left behind."""

    def __init__(
        self,
        *,
        store: PendingResponseStore,
        notify: Callable[[PendingResponse], Awaitable[None]],
        backpressure: Backpressure,
        clock: Clock,
    ) -> None:
        self._store = store
        self._notify = notify
        self._backpressure = backpressure
        self._clock = clock
        self._ours: set[int] = set()
        self._opened: dict[int, PendingResponse] = {}
        self._closed: list[int] = []
        self._writing: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._tasks = TaskGroup()

    @contextmanager
    def noted(self, interaction: discord.Interaction[Any]) -> Iterator[None]:
        """Mark an interaction's response as pending until its order is stored or refused."""
        self._ours.add(interaction.id)
        self._opened[interaction.id] = PendingResponse(
            interaction_id=interaction.id,
            application_id=interaction.application_id,
            token=interaction.token,
            expires_at=interaction.expires_at,
            locale=interaction.locale.value,
        )
        self._write_soon()
        try:
            yield
        except asyncio.CancelledError:
            raise  # the bot stops: the next process notifies the member
        except BaseException:
            self._close(interaction.id)
            raise
        self._close(interaction.id)

    async def recover(self) -> None:
        """Notify the members whose orders the previous process did not store."""
        left = [answer for answer in await self._store.left_open() if answer.interaction_id not in self._ours]
        for answer in left:
            self._tasks.start(self._told(answer), name=f"open-answer-{answer.interaction_id}")

    async def close(self) -> None:
        """Write the outstanding changes; members who were not notified yet are notified after the next start."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=_CLOSE_S)
        await self._tasks.close()

    def _close(self, interaction_id: int) -> None:
        self._ours.discard(interaction_id)
        if self._opened.pop(interaction_id, None) is None:
            self._closed.append(interaction_id)
            self._write_soon()

    def _write_soon(self) -> None:
        if self._writing is None:
            self._writing = self._tasks.start(self._write(), name="open-answers")

    async def _write(self) -> None:
        """Write until there are no more changes. A failed write is only logged: it must not make an order fail."""
        try:
            while self._opened or self._closed:
                await self._clock.sleep(_GATHER_S)
                opened, closed = list(self._opened.values()), self._closed
                self._opened, self._closed = {}, []
                try:
                    await self._store.note(opened, closed)
                except StoreError as error:
                    log.warning("open_answers_not_noted", extra={"error": str(error)})
        finally:
            self._writing = None

    async def _told(self, answer: PendingResponse) -> None:
        """Notify one member; retries temporary failures while the token is valid."""
        async with self._slots:
            while answer.expires_at > self._clock.now():
                await self._backpressure.quiet()
                try:
                    await self._notify(answer)
                    break
                except (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError) as error:
                    log.warning("open_answer_trouble", extra={"error": str(error)})
                    await self._clock.sleep(_PAUSE_S)
        self._close(answer.interaction_id)
