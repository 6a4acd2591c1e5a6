"""One worker for word rules and the questions that wait for it, served fairly and within everybody's budget."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.clock import Clock
from bot.domain.errors import Refusal
from bot.domain.round_robin import FairQueue
from bot.domain.time_budget import TimeBudget
from bot.services.word_process import WordProcess, WorkerLostError

log = logging.getLogger(__name__)

_IDLE_S: Final = 300.0
"""After so long without a question the child process is ended."""
_LOST_COSTS_S: Final = 1.0
"""What a question costs with which the worker was lost: how much it took is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whose budgets a question is charged to."""

    guild_id: int
    member_id: int


@dataclass(slots=True)
class Budgets:
    """Processor time of the workers, by member of a server and by server."""

    of_members: TimeBudget
    of_servers: TimeBudget
    clock: Clock

    def check(self, payer: Payer) -> None:
        """Raise Refusal for a payer whose budget is used up."""
        now_s = self.clock.monotonic()
        if self.of_members.left_s(payer, now_s) <= 0:
            raise Refusal("words_budget")
        if self.of_servers.left_s(payer.guild_id, now_s) <= 0:
            raise Refusal("words_busy")

    def charge(self, payer: Payer, seconds: float) -> None:
        """Charge what a question took."""
        now_s = self.clock.monotonic()
        self.of_members.spend(payer, seconds, now_s)
        self.of_servers.spend(payer.guild_id, seconds, now_s)


@dataclass(slots=True, kw_only=True)
class _Waiting:
    payer: Payer
    question: Mapping[str, Any]
    answer: asyncio.Future[dict[str, Any]]


class WordLane:
    """Asks its worker one question at a time. The worker runs while there is something to ask, and a while longer."""

    def __init__(self, process: WordProcess, budgets: Budgets, *, idle_s: float = _IDLE_S) -> None:
        self._process = process
        self._budgets = budgets
        self._idle_s = idle_s
        self._queue: FairQueue[_Waiting] = FairQueue()
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, payer: Payer, question: Mapping[str, Any]) -> dict[str, Any]:
        """The worker's answer; raises Refusal where too much waits, or a budget is used up; WorkerLostError."""
        if self._queue.full_for(payer.guild_id, payer.member_id):
            raise Refusal("words_busy")
        waiting = _Waiting(payer=payer, question=question, answer=asyncio.get_running_loop().create_future())
        self._queue.put(payer.guild_id, payer.member_id, waiting)
        self._asked.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="word-rules")
        return await waiting.answer

    async def close(self) -> None:
        """End the worker. What still waits is cancelled."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        while (waiting := self._queue.take()) is not None:
            waiting.answer.cancel()
        await self._process.stop()

    async def _run(self) -> None:
        """Ask what waits until nothing has for a while."""
        while True:
            while (waiting := self._queue.take()) is not None:
                if not waiting.answer.done():
                    await self._ask(waiting)
            self._asked.clear()
            try:
                await asyncio.wait_for(self._asked.wait(), self._idle_s)
            except TimeoutError:
                await self._process.stop()
                if not len(self._queue):
                    return

    async def _ask(self, waiting: _Waiting) -> None:
        try:
            self._budgets.check(waiting.payer)
            reply = await self._process.ask(waiting.question)
            self._budgets.charge(waiting.payer, reply["took_s"])
        except Refusal as refusal:
            _fail(waiting, refusal)
        except WorkerLostError as error:
            self._budgets.charge(waiting.payer, _LOST_COSTS_S)
            _fail(waiting, error)
        except Exception as error:
            log.exception("word_rules_not_matched", extra={"guild_id": waiting.payer.guild_id})
            _fail(waiting, WorkerLostError(str(error)))
        except BaseException:
            waiting.answer.cancel()
            raise
        else:
            with contextlib.suppress(asyncio.InvalidStateError):  # whoever asked went away
                waiting.answer.set_result(reply)


def _fail(waiting: _Waiting, error: Exception) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):
        waiting.answer.set_exception(error)
