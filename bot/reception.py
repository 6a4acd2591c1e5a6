"""Acknowledging: an answer within 3 s whatever the database, disk or network does.

Accepting gets 1.5 s. In time, the answer is the card itself or a private refusal; not in time, the interaction is
deferred and the card follows, or the deferred message is removed and the refusal told privately.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

import discord

from bot.courier import Courier
from bot.domain.errors import StoreError
from bot.domain.job import RequestView
from bot.ports import RequestStore, Shown
from bot.pressure import Pressure
from bot.tasks import TaskGroup
from bot.ui.card import render
from bot.ui.errors import answer_error

log = logging.getLogger(__name__)

_IN_TIME_S: Final = 1.5


class Reception:
    """Gives an interaction its first answer."""

    def __init__(
        self, *, requests: RequestStore, courier: Courier, pressure: Pressure, in_time_s: float = _IN_TIME_S
    ) -> None:
        self._requests = requests
        self._courier = courier
        self._pressure = pressure
        self._in_time_s = in_time_s
        self._tasks = TaskGroup()

    async def receive(
        self, interaction: discord.Interaction[Any], accepting: Coroutine[Any, Any, int], *, private: bool
    ) -> None:
        """Answer with the card of the request that `accepting` stores; raises what it raises, if in time."""
        with self._courier.hold(interaction.id), self._pressure.answering():
            in_time_s = self._in_time_s
            if self._pressure.crowded:
                # The cheapest answer first: nobody in a crowd may miss the 3 s.
                await self._try_to_defer(interaction, private=private)
                in_time_s = 0.0
            accepted = self._tasks.start(self._accept(accepting), name=f"accept-{interaction.id}")
            in_time = bool(in_time_s) and bool((await asyncio.wait({accepted}, timeout=in_time_s))[0])
            if in_time:
                await self._answer(interaction, _told(accepted.result()), private=private)
            elif in_time_s:
                await self._try_to_defer(interaction, private=private)
        try:
            view = _told(await accepted)
        except Exception as error:
            if in_time:
                raise
            await self._take_back(interaction, error)
            return
        self._courier.refresh([view.request.id])

    async def close(self) -> None:
        """Let requests that are being accepted be stored; their messages follow after the next start."""
        await self._tasks.drain(self._in_time_s)
        await self._tasks.close()

    async def _accept(self, accepting: Coroutine[Any, Any, int]) -> RequestView | Exception:
        """The stored request, or why there is none: that is the member's to read, not a failed task."""
        try:
            return await self._requests.view(await accepting)
        except Exception as error:  # noqa: BLE001 - raised again where the member is told
            return error

    async def _answer(self, interaction: discord.Interaction[Any], view: RequestView, *, private: bool) -> None:
        """Send the card as the interaction's response. Should that fail, the courier brings it by another way."""
        card = render(view, {})
        try:
            response = await interaction.response.send_message(
                view=card.view, ephemeral=private, allowed_mentions=discord.AllowedMentions.none()
            )
        except (discord.DiscordException, OSError) as error:
            log.warning("answer_not_sent", extra={"interaction_id": interaction.id, "error": str(error)})
            return
        shown = Shown(
            digest=card.digest,
            version=view.request.version,
            edited=False,
            by="interaction",
            message_id=response.message_id,
            channel_id=interaction.channel_id,
        )
        try:
            await self._requests.note_shown(view.request.id, shown)
        except StoreError:
            # The message stands; while the token lives, the courier finds it again without its id.
            log.exception("answer_not_noted", extra={"request_id": view.request.id})

    @staticmethod
    async def _try_to_defer(interaction: discord.Interaction[Any], *, private: bool) -> None:
        try:
            await interaction.response.defer(ephemeral=private, thinking=True)
        except (discord.DiscordException, OSError) as error:
            log.warning("deferral_not_sent", extra={"interaction_id": interaction.id, "error": str(error)})

    @staticmethod
    async def _take_back(interaction: discord.Interaction[Any], error: Exception) -> None:
        """Remove the deferred message, then tell the refusal privately."""
        try:
            await interaction.delete_original_response()
        except (discord.DiscordException, OSError) as failure:
            log.info("deferred_message_not_removed", extra={"interaction_id": interaction.id, "error": str(failure)})
        await answer_error(interaction, error)


def _told(outcome: RequestView | Exception) -> RequestView:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
