"""Word rules are matched in child processes: slow rules delay no other member, and nothing is let through unchecked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.domain.errors import Refusal
from bot.domain.rules import WordRule
from bot.domain.word_matching import folded as fold
from bot.services import word_matcher
from bot.services.word_filter import WordFilter
from bot.services.word_lane import Payer
from bot.services.word_matcher import first_match
from bot.services.word_process import WordProcess, WorkerLostError
from tests.support.clock import FakeClock

ROOT = Path(__file__).resolve().parents[2]
ALICE = Payer(guild_id=1, member_id=10)
BOB = Payer(guild_id=1, member_id=11)
CAROL = Payer(guild_id=2, member_id=12)
SLOW = WordRule(pattern=r"^(([a-z])+.)+[A-Z]([a-z])+$", regex=True, id=7)
SLOW_TEXT = "a" * 3_000 + "!"
QUICK = WordRule(pattern="nude", id=8)
BOMB = r"((a{1000}){1000}){1000}"


@pytest.fixture
async def words() -> AsyncIterator[WordFilter]:
    """A filter whose budgets are not refilled."""
    made = WordFilter(FakeClock())
    yield made
    await made.close()


async def code_of(words: WordFilter, payer: Payer, rule: WordRule, text: str) -> str | None:
    """The error code with which an order is refused before it is matched."""
    try:
        await words.first_match(payer, [rule], [text])
    except Refusal as refusal:
        return refusal.code
    return None


async def test_each_text_and_each_rule_is_normalised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is counted rather than timed: eight prompts and a hundred rules are 108 foldings."""
    folded: list[str] = []

    def counted(text: str) -> str:
        folded.append(text)
        return fold(text)

    monkeypatch.setattr(word_matcher, "folded", counted)
    rules = [WordRule(pattern=f"never seen {number}") for number in range(100)]
    prompts = [f"a cat, number {number}" for number in range(8)]
    assert first_match(rules, [*prompts, *prompts], limit_s=30).matching == ()
    assert len(folded) == len(prompts) + len(rules)
    first_match(rules, prompts, limit_s=30)
    assert len(folded) == 2 * len(prompts) + len(rules)


async def test_one_time_budget_covers_all_patterns_and_prompts_of_an_order() -> None:
    """Twenty patterns that are each just fast enough are too slow together; the slowest is named."""
    rules = [WordRule(pattern=f"(?:x+)[{chr(97 + number)}]", regex=True, id=number) for number in range(20)]
    found = first_match(rules, ["x" * 2_000, "x" * 1_999], limit_s=0.05)
    assert found.out_of_time
    assert len(found.too_slow) == 1


async def test_member_over_budget_is_refused_and_no_other_member(words: WordFilter) -> None:
    """Each slow prompt is charged; with the budget used up its member is refused without matching."""
    codes = [await code_of(words, ALICE, SLOW, SLOW_TEXT) for _ in range(30)]
    assert codes[0] is None
    assert codes[-1] == "words_budget"
    assert await code_of(words, BOB, QUICK, "a cat") is None
    assert (await words.first_match(BOB, [QUICK], ["a nude"])).matching == (QUICK,)


async def test_server_over_budget_is_refused_and_no_other_server(words: WordFilter) -> None:
    """By many members together, each within their own budget."""
    members = [Payer(guild_id=1, member_id=number) for number in range(60)]
    codes = [await code_of(words, member, SLOW, SLOW_TEXT) for member in members for _ in range(2)]
    assert codes[-1] == "words_busy"
    assert await code_of(words, CAROL, QUICK, "a cat") is None


async def test_other_orders_do_not_wait_for_slow_ones(words: WordFilter) -> None:
    """Of the same server or another: slow orders go to their own lane, and are not answered first."""
    slow = [asyncio.create_task(words.first_match(ALICE, [SLOW], [SLOW_TEXT + str(n)])) for n in range(4)]
    await asyncio.sleep(0)
    for payer in (BOB, CAROL):
        assert (await words.first_match(payer, [QUICK], ["a nude"])).matching == (QUICK,)
    assert not all(task.done() for task in slow)
    assert [(await task).too_slow for task in slow] == [(SLOW,)] * 4


async def test_flood_is_refused(words: WordFilter) -> None:
    """A limited number of checks of one member may wait."""
    asked = [asyncio.create_task(code_of(words, ALICE, QUICK, f"a cat {n}")) for n in range(40)]
    codes = await asyncio.gather(*asked)
    assert "words_busy" in codes
    assert codes[0] is None


async def test_pattern_that_takes_all_memory_is_refused(words: WordFilter) -> None:
    """The library has no compile limit. A stored one refuses its prompts; the next check is answered."""
    with pytest.raises(Refusal, match="slow_pattern"):
        await words.checked_rule(ALICE, WordRule(pattern=BOMB, regex=True))
    bomb = WordRule(pattern=BOMB, regex=True, id=9)
    found = await words.first_match(ALICE, [bomb], ["a cat"])
    assert found.too_slow or found.out_of_time
    assert not found.matching
    assert (await words.first_match(BOB, [QUICK], ["a nude"])).matching == (QUICK,)


async def test_slow_check_is_signalled(words: WordFilter) -> None:
    """The task that defers the response is woken; a fast check wakes nothing."""
    await words.first_match(BOB, [QUICK], ["a cat"])
    noticed = asyncio.create_task(words.takes_long(BOB.member_id))
    await asyncio.sleep(0)
    slow = asyncio.create_task(words.first_match(BOB, [SLOW], [SLOW_TEXT]))
    await asyncio.wait_for(noticed, 10)
    assert (await slow).too_slow == (SLOW,)
    unnoticed = asyncio.create_task(words.takes_long(CAROL.member_id))
    await asyncio.sleep(0)
    unnoticed.cancel()
    await asyncio.wait({unnoticed})
    assert words._long_for == {}


async def test_killed_or_hanging_worker_is_replaced() -> None:
    """Its current check is lost, the next one is answered."""
    process = WordProcess(answers_within_s=3)
    question = {"rules": [("nude", False)], "texts": ["a nude"], "every": False, "limit_s": 0.1}
    assert (await process.ask(question))["matching"] == [0]
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(WorkerLostError):
        await process.ask(question)
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert (await process.ask(question))["matching"] == [0]
    second = process.pid
    assert second not in {None, first}
    os.kill(second or 0, signal.SIGKILL)
    with contextlib.suppress(WorkerLostError):  # unless its end is noticed before the next check
        await process.ask(question)
    assert (await process.ask(question))["matching"] == [0]
    await process.stop()
    assert process.pid is None


async def test_unchecked_order_is_not_let_through() -> None:
    """With a worker that never starts an order times out, which refuses it."""
    words = WordFilter(SystemClock(), command=("/nonexistent",))
    found = await words.first_match(ALICE, [QUICK], ["a cat"])
    assert found.out_of_time
    await words.close()


def test_worker_ends_with_its_parent() -> None:
    """Also if that is killed: the worker only sees the end of its input."""
    program = (
        "import asyncio, sys\n"
        "from bot.services.word_process import WordProcess\n"
        "async def main():\n"
        "    process = WordProcess()\n"
        "    await process.ask({'rules': [], 'texts': [], 'every': False, 'limit_s': 0.1})\n"
        "    print(process.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        ended = os.pidfd_open(worker)
        parent.kill()
    try:
        assert select.select([ended], [], [], 10)[0] == [ended]
    finally:
        os.close(ended)
