"""Acknowledgement times of other members while one makes the word rules of a server expensive.

`python -m benchmarks.attack.word_rules` runs the real bot against the lean Discord; exit code 1: a limit is exceeded.
`measure(case)` runs one case and returns its measurements.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import regex

from benchmarks.load.discord import Typed, delays_s
from benchmarks.load.rig import Rig, rig
from benchmarks.load.shapes import GUILD, OTHER_GUILD
from benchmarks.load.stalls import stalls_s
from benchmarks.process import free_port, status
from sandbox.apimaster import Knobs
from sandbox.bot_process import Launch

PROMISED_S: Final = 0.1
_NOISE: Final = 1.5
_ROUNDS: Final = 3
_AT_ONCE: Final = 10
_ROUND_S: Final = 3.0
_PLAIN_EVERY_S: Final = 0.05
_ANSWERED_WITHIN_S: Final = 30.0
_LOOK_S: Final = 0.1
_FIRST_ATTACKER: Final = 50_000
_EIGHT: Final = "{a,b}{c,d}{e,f}"
_EXPANDING: Final = ("\ufdfa" * 3_970, "\u0344" * 3_970, "e" + "\u0316\u0301" * 1_984, "\u1f82" * 3_970)
_JUST_QUICK_ENOUGH_S: Final = 0.04
_PATTERNS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The rules of the attacked server as (pattern, regex), the prompts, and the server in which the others order."""

    name: str
    rules: Sequence[tuple[str, bool]]
    prompts: Sequence[str]
    others_in: str = GUILD


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The measurements of a case, in seconds and millions of bytes."""

    name: str
    others_s: Sequence[float]
    """From each plain order of the other members to its acknowledgement, sorted ascending."""
    attackers_s: Sequence[float]
    late: int
    """Commands of both groups for which Discord reported that the bot did not respond."""
    loop_s: Sequence[float]
    """Response times of the event loop to a client that polls it continuously, sorted ascending."""
    peak_mb: float
    workers_mb: float
    """Memory of the bot's child processes at the end."""

    @property
    def kept(self) -> bool:
        """Whether every command was acknowledged within the limit."""
        return self.late == 0 and p99(self.others_s) < PROMISED_S and p99(self.attackers_s) < PROMISED_S

    def kept_beside(self, control: Measured) -> bool:
        """The same on a loaded machine, where `control` is the measurement without an attack."""
        limit_s = PROMISED_S + _NOISE * p99(control.others_s)
        return self.late == 0 and p99(self.others_s) < limit_s and p99(self.attackers_s) < limit_s


def p99(waits_s: Sequence[float]) -> float:
    """The 99th percentile; infinite if there are no values."""
    return waits_s[min(len(waits_s) - 1, int(len(waits_s) * 0.99))] if waits_s else float("inf")


def cases() -> tuple[Case, ...]:
    """No attack, one word rule, a hundred of them, and patterns just below the time limit, in another server."""
    expanding = [text + _EIGHT for text in _EXPANDING]
    words = [("forbidden", False)]
    many = [(f"{'a' * (1 + number % 40)} {chr(0x4E00 + number)}", False) for number in range(100)]
    patterns = [(f"(?:x+)[{chr(ord('a') + number)}]", True) for number in range(_PATTERNS)]
    return (
        Case(name="nobody attacks", rules=words, prompts=["a plain prompt"]),
        Case(name="one word rule", rules=words, prompts=expanding),
        Case(name="100 word rules", rules=many, prompts=[*expanding, "a" * 3_970 + _EIGHT]),
        Case(name="20 slow patterns", rules=patterns, prompts=[_slow_text(patterns[0][0])], others_in=OTHER_GUILD),
    )


def _slow_text(pattern: str) -> str:
    """A text with which this pattern stays just below the time limit on this machine."""
    compiled = regex.compile(pattern, regex.VERSION1 | regex.IGNORECASE)
    for length in range(250, 3_950, 50):
        began_s = time.process_time()
        compiled.search("x" * length)
        if time.process_time() - began_s > _JUST_QUICK_ENOUGH_S:
            return "x" * length
    return "x" * 3_950


async def measure(case: Case, *, rounds: int = _ROUNDS, launch: Launch | None = None) -> Measured:
    """Let ten members attack at once, in several rounds, while other members order continuously."""
    port = free_port()
    settings = {"HTTP_PORT": str(port), "PER_USER_PENDING": "500", "MAX_RUNNING": "10"}
    async with rig(settings, Knobs(unlimited=True, latency_s=600, plain_pictures=True), launch) as stage:
        _store(stage.data_dir / "bot.db", case.rules)
        others: list[Typed] = []
        attackers: list[Typed] = []
        async with stalls_s(port) as waits:
            ordering = asyncio.create_task(_order(stage, case.others_in, others))
            try:
                for turn in range(rounds):
                    await asyncio.sleep(_ROUND_S / 2)
                    for number in range(_AT_ONCE):
                        prompt = case.prompts[number % len(case.prompts)]
                        attackers.append(await stage.discord.type_imagine(_FIRST_ATTACKER + number, f"{prompt} {turn}"))
                    await asyncio.sleep(_ROUND_S / 2)
            finally:
                ordering.cancel()
                await asyncio.wait({ordering})
            await _all_answered([*others, *attackers])
            workers_mb = sum(status(child, "VmRSS") for child in _children(stage.bot.pid)) * 1_024 / 1e6
        return Measured(
            name=case.name,
            others_s=delays_s(others),
            attackers_s=delays_s(attackers),
            late=sum(typed.late for typed in (*others, *attackers)),
            loop_s=sorted(waits),
            peak_mb=stage.peak_mb(),
            workers_mb=workers_mb,
        )


async def _order(stage: Rig, guild_id: str, typed: list[Typed]) -> None:
    """Let one member after the other place a plain order, until cancelled."""
    while True:
        typed.append(await stage.discord.type_imagine(len(typed), f"a corgi, number {len(typed)}", guild_id=guild_id))
        await asyncio.sleep(_PLAIN_EVERY_S)


async def _all_answered(typed: Sequence[Typed]) -> None:
    for _ in range(int(_ANSWERED_WITHIN_S / _LOOK_S)):
        if all(each.acknowledged_at is not None for each in typed):
            return
        await asyncio.sleep(_LOOK_S)


def _store(database: Path, rules: Sequence[tuple[str, bool]]) -> None:
    """Store rules as if they had been accepted earlier; the bot has not loaded this server's yet."""
    with closing(sqlite3.connect(database, timeout=10)) as db, db:
        db.executemany(
            "INSERT INTO word_rules (guild_id, regex, pattern, place) VALUES (?, ?, ?, 'everywhere')",
            [(int(GUILD), int(is_regex), pattern) for pattern, is_regex in rules],
        )


def _children(pid: int | None) -> list[int]:
    """The running child processes of a process."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in found for child in each.read_text().split()]


def table(seen: Sequence[Measured]) -> str:
    """The measurements, one line per case."""
    heads = ("others p99", "longest", "attackers p99", "longest", "late", "loop longest", "bot peak", "workers")
    lines = [" ".join([f"{'':<18}", *(f"{head:>13}" for head in heads)])]
    for each in seen:
        waits_s = (p99(each.others_s), max(each.others_s), p99(each.attackers_s), max(each.attackers_s))
        told = [*(f"{wait_s * 1e3:.0f} ms" for wait_s in waits_s), str(each.late), f"{each.loop_s[-1] * 1e3:.0f} ms"]
        told += [f"{each.peak_mb:.0f} MB", f"{each.workers_mb:.0f} MB"]
        lines.append(" ".join([f"{each.name:<18}", *(f"{word:>13}" for word in told)]))
    return "\n".join(lines)


async def _measure_all() -> list[Measured]:
    return [await measure(case) for case in cases()]


@click.command()
def main() -> None:
    """Measure every case; exit code 1 if a command is acknowledged too late."""
    seen = asyncio.run(_measure_all())
    click.echo(table(seen))
    sys.exit(not all(each.kept for each in seen))


if __name__ == "__main__":
    main()
