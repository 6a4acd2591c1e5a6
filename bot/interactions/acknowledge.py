"""Acknowledges an interaction within Discord's 3 s, however slow the database, disk or network is.

Storing the order gets 1.5 s. If that suffices, the first answer is the card or a private refusal. If not, the
interaction is deferred; the card follows, or the deferred message is deleted and the refusal sent privately. Under
high load, or when no time is left, the interaction is deferred first and the order stored afterwards.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import aiohttp
import discord

from bot.clock import Clock
from bot.domain.draft import AsksFirst
from bot.domain.errors import Refusal, StoreError
from bot.domain.job import RequestView
from bot.domain.order import Order
from bot.interactions.error_replies import answer_error
from bot.interactions.latency import LatencyEstimate
from bot.interactions.pending_responses import PendingResponses
from bot.interactions.permissions import check_place
from bot.interactions.responses import UNREADABLE, sent_surely, was_refused
from bot.interactions.throttle import Throttle
from bot.ops.backpressure import Backpressure
from bot.ports import Presenter, RequestStore, Shown
from bot.ports.pending_responses import HeldRequests
from bot.services.intake import Intake
from bot.tasks import TaskGroup

log = logging.getLogger(__name__)

T = TypeVar("T")
Prepare = Callable[[], Coroutine[Any, Any, Order]]

_IN_TIME_S: Final = 1.5
_KNOWN_BY_S: Final = 20.0
"""After so many seconds the first answer was accepted or rejected by Discord, or both attempts timed out."""
_CROWD_AT_ONCE: Final = 16
_TROUBLE: Final = (discord.DiscordException, aiohttp.ClientError, OSError, *UNREADABLE)


class RenderedCard(Protocol):
    """A request's message as components, and a digest that is compared with that of later renderings."""

    @property
    def view(self) -> discord.ui.LayoutView:
        """The components."""
        ...

    @property
    def digest(self) -> str:
        """Equal for equal messages."""
        ...


class Acknowledger:
    """Gives an interaction its first answer."""

    def __init__(
        self,
        *,
        intake: Intake,
        requests: RequestStore,
        presenter: Presenter,
        render: Callable[[RequestView], RenderedCard],
        ask_first: Callable[[discord.Interaction[Any], AsksFirst], Awaitable[None]],
        backpressure: Backpressure,
        held: HeldRequests,
        pending_responses: PendingResponses,
        flood: Throttle,
        clock: Clock,
        check_takes_long: Callable[[int], Awaitable[None]],
        in_time_s: float = _IN_TIME_S,
    ) -> None:
        self._intake = intake
        self._requests = requests
        self._presenter = presenter
        self._render = render
        self._ask_first = ask_first
        self._backpressure = backpressure
        self._held = held
        self._pending_responses = pending_responses
        self._flood = flood
        self._latency = LatencyEstimate(clock)
        self._clock = clock
        self._check_takes_long = check_takes_long
        self._in_time_s = in_time_s
        self._turns = asyncio.Semaphore(_CROWD_AT_ONCE)
        self._tasks = TaskGroup()

    async def receive(self, interaction: discord.Interaction[Any], order: Order) -> None:
        """Answer with the card of an order's request; see `receive_prepared`."""
        await self.receive_prepared(interaction, partial(_ready, order), private=order.private)

    async def receive_prepared(self, interaction: discord.Interaction[Any], prepare: Prepare, *, private: bool) -> None:
        """Answer with the card of the request that `prepare`'s order becomes; raises what either raises, if in time.

        The order gets the time until which its jobs wait for the outcome of this answer: nothing is submitted for a
        member to whom Discord showed that the bot did not respond. An order that needs a confirmation (AsksFirst) is
        answered with its question.
        """
        try:
            await self._receive(interaction, prepare, private=private)
        except AsksFirst as asked:
            await self._ask_first(interaction, asked)

    async def _receive(self, interaction: discord.Interaction[Any], prepare: Prepare, *, private: bool) -> None:
        check_place(interaction, private=private)
        self._flood.ordered(interaction.user.id)
        time_left_s = self._in_time_s - self._latency.age_s(interaction.created_at)
        if self._backpressure.crowded or time_left_s <= 0:
            with self._pending_responses.noted(interaction):
                await self._answer_first(interaction, prepare, private=private)
            return
        hold_until = self._clock.now() + timedelta(seconds=_KNOWN_BY_S)
        with self._presenter.hold(interaction.id), self._backpressure.answering():
            accepting = self._tasks.start(
                self._accept(self._ordered(prepare, hold_until)), name=f"accept-{interaction.id}"
            )
            view = await self._read_in_time(accepting, interaction.user.id, time_left_s)
            answered = await (
                self._answer(interaction, view, private=private) if view else self._defer(interaction, private=private)
            )
        request_id = await self._stored(interaction, accepting)
        if request_id is None:
            return
        if answered:
            await self._go_on(request_id)
        else:
            await self._intake.unanswered(view or await self._requests.view(request_id))
        self._presenter.refresh([request_id])

    async def _go_on(self, request_id: int) -> None:
        """Release the jobs that wait for the answer; if that can't be stored, they are released when the wait ends."""
        try:
            await self._held.answered(request_id)
        except StoreError as error:
            log.warning("answer_not_noted", extra={"request_id": request_id, "error": str(error)})
        self._intake.answered()

    async def _answer_first(self, interaction: discord.Interaction[Any], prepare: Prepare, *, private: bool) -> None:
        """Defer first and store the order when a slot is free: doing both at once would delay every answer.

        If the answer came too late, the member saw that the bot did not respond: then nothing is stored.
        """
        with self._presenter.hold(interaction.id), self._backpressure.answering():
            try:
                await self._flood.check(interaction.user.id)
            except Refusal as refusal:
                await answer_error(interaction, refusal)
                return
            answered = await self._defer(interaction, private=private)
        if not answered:
            return
        stored = self._tasks.start(self._accept_in_turn(self._ordered(prepare, None)), name=f"accept-{interaction.id}")
        request_id = await self._stored(interaction, stored)
        if request_id is not None:
            self._presenter.refresh([request_id])

    async def _stored(
        self, interaction: discord.Interaction[Any], accepting: asyncio.Task[int | Exception]
    ) -> int | None:
        """The id of the stored request; None after a refusal was sent and the deferred message deleted."""
        try:
            return _told(await accepting)
        except Exception as error:
            await self._take_back(interaction)
            if isinstance(error, AsksFirst):
                raise
            await answer_error(interaction, error)
            return None

    async def _read_in_time(
        self, accepting: asyncio.Task[int | Exception], member_id: int, timeout_s: float
    ) -> RequestView | None:
        """The stored request if it is read in time; raises its refusal if that comes in time; else None.

        Stops waiting early when the check of the prompt against word rules is known to take long.
        """
        reading = self._tasks.start(self._read(accepting), name=f"read-{accepting.get_name()}")
        slow = asyncio.ensure_future(self._check_takes_long(member_id))
        try:
            await asyncio.wait({reading, slow}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            slow.cancel()
        if not reading.done():
            return None
        view: RequestView = _told(reading.result())
        return view

    async def close(self) -> None:
        """Let requests that are being accepted be stored; their messages are delivered after the next start."""
        await self._tasks.drain(self._in_time_s)
        await self._tasks.close()
        await self._pending_responses.close()

    async def recover(self) -> None:
        """Notify members whose orders the previous process deferred but did not store."""
        await self._pending_responses.recover()

    async def _ordered(self, prepare: Prepare, not_before: datetime | None) -> int:
        return await self._intake.accept(replace(await prepare(), not_before=not_before))

    async def _accept(self, accepting: Coroutine[Any, Any, int]) -> int | Exception:
        """The stored request's id, or the exception as a value: it is shown to the member, the task has not failed."""
        try:
            return await accepting
        except Exception as error:  # noqa: BLE001 - raised again in _told
            return error

    async def _accept_in_turn(self, accepting: Coroutine[Any, Any, int]) -> int | Exception:
        """The same under high load: in the order of the deferrals, a limited number at once."""
        async with self._turns:
            return await self._accept(accepting)

    async def _read(self, accepting: asyncio.Task[int | Exception]) -> RequestView | Exception:
        try:
            return await self._requests.view(_told(await accepting))
        except Exception as error:  # noqa: BLE001 - raised again in _told
            return error

    async def _answer(self, interaction: discord.Interaction[Any], view: RequestView, *, private: bool) -> bool:
        """Send the card as the interaction's response. If that fails, the reconciler delivers it in another way.

        Returns False if Discord rejected the answer, which shows the member that the bot did not respond.
        """
        card = self._render(view)
        nobody = discord.AllowedMentions.none()
        try:
            response = await sent_surely(
                lambda: interaction.response.send_message(view=card.view, ephemeral=private, allowed_mentions=nobody)
            )
        except _TROUBLE as error:
            return _not_sent(interaction, error)
        if response is None:
            return True  # sent, but its id is unknown: the reconciler edits it by the token
        shown = Shown(
            digest=card.digest,
            version=view.request.version,
            edited=False,
            by="interaction",
            message_id=response.message_id,
            channel_id=interaction.channel_id,
            private=view.request.private,
        )
        try:
            await self._requests.note_shown(view.request.id, shown)
        except StoreError:
            # The message was sent; while the token is valid, the reconciler edits it without its id.
            log.exception("answer_not_noted", extra={"request_id": view.request.id})
        return True

    @staticmethod
    async def _defer(interaction: discord.Interaction[Any], *, private: bool) -> bool:
        """Show "thinking"; False if Discord rejected that, which shows the member that the bot did not respond."""
        try:
            await sent_surely(lambda: interaction.response.defer(ephemeral=private, thinking=True))
        except _TROUBLE as error:
            return _not_sent(interaction, error)
        return True

    @staticmethod
    async def _take_back(interaction: discord.Interaction[Any]) -> None:
        """Delete the deferred message; a private message follows instead."""
        try:
            await interaction.delete_original_response()
        except _TROUBLE as failure:
            log.info("deferred_message_not_removed", extra={"interaction_id": interaction.id, "error": str(failure)})


async def _ready(order: Order) -> Order:
    return order


def _not_sent(interaction: discord.Interaction[Any], error: Exception) -> bool:
    """Log a first answer that failed; returns whether it may have reached Discord nevertheless."""
    log.warning("answer_not_sent", extra={"interaction_id": interaction.id, "error": str(error)})
    return not was_refused(error)


def _told(outcome: T | Exception) -> T:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
