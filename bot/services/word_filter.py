"""Matches word rules off the event loop: in child processes that can be killed, fairly, and within budgets.

A thread would not do. Folding a text and compiling a pattern hold the interpreter's lock, so the event loop waits all
the same; a pattern such as `((a{1000}){1000}){1000}` takes all memory while it is compiled; and no thread can be ended.

An order is first tried in the quick lane, where nobody has the worker for long. What needs more goes to the slow lane,
where it delays only others that are slow. New rules and dry runs have a lane of their own. A lane starts its child
process (about 20 MB) when it is first used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from bot.clock import Clock
from bot.domain.errors import Refusal
from bot.domain.rules import WordRule
from bot.domain.time_budget import TimeBudget
from bot.services.word_lane import Budgets, Payer, WordLane
from bot.services.word_matcher import MatchResult
from bot.services.word_process import COMMAND, WordProcess, WorkerLostError
from bot.services.word_worker import found_in

QUICK_S: Final = 0.03
"""Of processor time for an order in the quick lane. Usual prompts and rules take a millisecond or two."""
ORDER_S: Final = 0.4
"""For an order in all: its prompts, with all rules."""
_TAKES_LONG_S: Final = 0.05
_NICE: Final = "5"
"""What is slow is scheduled after the bot, which has to acknowledge others meanwhile."""


class WordFilter:
    """Answers whether rules match texts. Whoever takes too much of the workers is refused, and nobody else."""

    def __init__(self, clock: Clock, *, command: Sequence[str] = COMMAND) -> None:
        budgets = Budgets(
            of_members=TimeBudget(capacity_s=2.0, refill=0.05),
            of_servers=TimeBudget(capacity_s=6.0, refill=0.3),
            clock=clock,
        )
        trials = Budgets(
            of_members=TimeBudget(capacity_s=10.0, refill=0.1),
            of_servers=TimeBudget(capacity_s=15.0, refill=0.2),
            clock=clock,
        )
        self._quick = WordLane(WordProcess(command), budgets)
        self._slow = WordLane(WordProcess([*command, _NICE]), budgets)
        self._trials = WordLane(WordProcess([*command, _NICE]), trials)
        self._long_for: dict[int, set[asyncio.Future[None]]] = {}

    async def first_match(self, payer: Payer, rules: Sequence[WordRule], prompts: Sequence[str]) -> MatchResult:
        """The first rule that matches a prompt of an order, or takes too long with it.

        Where nothing is known, because the limit for the order was reached or the worker was lost, `out_of_time` says
        so. Raises Refusal where a budget is used up, or too much waits.
        """
        with self._noticed(payer.member_id):
            found = await self._found(self._quick, payer, rules, prompts, QUICK_S)
            if found.out_of_time:
                found = await self._found(self._slow, payer, rules, prompts, ORDER_S)
            return found

    async def try_out(self, payer: Payer, rules: Sequence[WordRule], text: str, *, every: bool = False) -> MatchResult:
        """What rules, stored or not, say of one text; for dry runs."""
        return await self._found(self._trials, payer, rules, [text], ORDER_S, every=every)

    async def checked_rule(self, payer: Payer, rule: WordRule) -> WordRule:
        """A rule that can be stored; raises Refusal for one that says nothing, cannot be read, or takes too long."""
        try:
            reply = await self._trials.ask(payer, {"new": [rule.pattern, rule.regex]})
        except WorkerLostError:
            raise Refusal("slow_pattern") from None
        if "refused" in reply:
            raise Refusal(reply["refused"], **reply["values"])
        return replace(rule, pattern=reply["pattern"])

    async def takes_long(self, member_id: int) -> None:
        """Returns once an order of this member has been with the filter for 50 ms: it is time to acknowledge it."""
        noticed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._long_for.setdefault(member_id, set()).add(noticed)
        try:
            await noticed
        finally:
            if waiting := self._long_for.get(member_id):
                waiting.discard(noticed)
            if not waiting:
                self._long_for.pop(member_id, None)

    async def close(self) -> None:
        """End the child processes."""
        for lane in (self._quick, self._slow, self._trials):
            await lane.close()

    async def _found(
        self,
        lane: WordLane,
        payer: Payer,
        rules: Sequence[WordRule],
        texts: Sequence[str],
        limit_s: float,
        *,
        every: bool = False,
    ) -> MatchResult:
        question: dict[str, Any] = {
            "rules": [(rule.pattern, rule.regex) for rule in rules],
            "texts": list(dict.fromkeys(texts)),
            "every": every,
            "limit_s": limit_s,
        }
        try:
            return found_in(await lane.ask(payer, question), rules)
        except WorkerLostError:
            return MatchResult(out_of_time=True)

    @contextmanager
    def _noticed(self, member_id: int) -> Iterator[None]:
        timer = asyncio.get_running_loop().call_later(_TAKES_LONG_S, self._notice, member_id)
        try:
            yield
        finally:
            timer.cancel()

    def _notice(self, member_id: int) -> None:
        for noticed in self._long_for.pop(member_id, ()):
            if not noticed.done():
                noticed.set_result(None)
