"""A burst of `/imagine`: acknowledgement times, fairness and order of admission, and what members are shown."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import click

from benchmarks.load import witness
from benchmarks.load.discord import ACKNOWLEDGED_WITHIN_S, Typed, delays_s
from benchmarks.load.fairness import Comparison, Judge, Told
from benchmarks.load.rig import Rig, rig
from benchmarks.load.shapes import member_id
from benchmarks.load.turns import Limits, Phase
from benchmarks.load.witness import Change
from sandbox.apimaster import Knobs
from sandbox.bot_process import Launch

LIMITS: Final = Limits(running_each=2, pending_each=10, running=100)
_MOST_OF_MOST: Final = 12
_FLOOD: Final = 25
"""One in this many commands comes from the same member."""
_SETTLES_WITHIN_S: Final = 90.0
_LOOK_S: Final = 0.5
_ASK: Final = 100
"""How many members use `/queue`."""
_ASK_AT_ONCE: Final = 10
_ROUNDS: Final = 2
_STALE: Final = 20
_STALE_S: Final = 5.0
_PLACE: Final = re.compile(r"⏳ (?:Next in line|([0-9]+)(?:st|nd|rd|th) in line)")
_QUEUED: Final = re.compile(r"order ([0-9]+)\n" + _PLACE.pattern)
_FULL: Final = re.compile(r"You have ([0-9]+) pictures waiting already; ([0-9]+) is the limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The results of a burst."""

    limits: Limits
    typed: Sequence[Typed]
    asked: Sequence[Typed]
    """The `/queue` commands, sent while no job changes."""
    stale: Sequence[Typed]
    """Commands that the bot received after Discord had stopped accepting an answer."""
    took_s: float
    cpu_s: float
    peak_mb: float
    jobs: Mapping[int, int]
    """The job of each accepted command, by interaction id."""
    changes: Sequence[Change]

    def refused(self) -> list[Typed]:
        """Commands that were answered in time, but not accepted into the queue."""
        return [t for t in self.typed if t.interaction_id not in self.jobs and not t.late]


def crowd_of(commands: int, members: int, seed: int) -> list[int]:
    """The member of each command: one floods, the others send between one and about a dozen each."""
    rng = random.Random(seed)  # noqa: S311 - the same burst for the same seed
    typists = [0] * (commands // _FLOOD)
    typists += [number for number in range(1, members) for _ in range(rng.randint(1, _MOST_OF_MOST))]
    typists += rng.choices(range(1, members), k=max(0, commands - len(typists)))
    rng.shuffle(typists)
    return typists[:commands]


async def burst(
    *,
    typists: Sequence[int],
    within_s: float,
    limits: Limits = LIMITS,
    asking: int = _ASK,
    poll_s: float | None = None,
    launch: Launch | None = None,
) -> Seen:
    """Send the commands evenly over `within_s` seconds; then send some `/queue`, and finish pictures twice."""
    settings = {
        "PER_USER_PENDING": str(limits.pending_each),
        "PER_USER_RUNNING": str(limits.running_each),
        "MAX_RUNNING": str(limits.running),
    }
    if poll_s is not None:
        settings |= {"FIRST_POLL_SECONDS": str(poll_s), "POLL_SECONDS": str(poll_s)}
    knobs = Knobs(unlimited=True, latency_s=600, plain_pictures=True)
    async with rig(settings, knobs, launch) as stage:
        database = stage.data_dir / "bot.db"
        witness.watch(database)
        stage.discord.listens = True
        cpu_s, began = stage.cpu_s(), time.monotonic()
        typed = []
        for count, number in enumerate(typists):
            await asyncio.sleep(max(0.0, began + count * within_s / len(typists) - time.monotonic()))
            typed.append(await stage.discord.type_imagine(number, f"order {count}"))
        took_s = time.monotonic() - began
        await _all_answered(typed)
        await _until(partial(witness.at_rest, database, limits))
        cpu_s, peak_mb = stage.cpu_s() - cpu_s, stage.peak_mb()
        asked = await _ask(stage, sorted(set(typists))[:: max(1, len(set(typists)) // asking)])
        stale = [await stage.discord.type_imagine(number, "too late", age_s=_STALE_S) for number in typists[:_STALE]]
        for finished in range(1, _ROUNDS + 1):
            stage.provider.finish_all()
            await _until(partial(witness.delivered, database, finished * limits.running))
            await _until(partial(witness.at_rest, database, limits))
        return Seen(
            limits=limits,
            typed=typed,
            asked=asked,
            stale=stale,
            took_s=took_s,
            cpu_s=cpu_s,
            peak_mb=peak_mb,
            jobs=witness.orders(database),
            changes=witness.changes(database),
        )


async def _ask(stage: Rig, members: Sequence[int]) -> list[Typed]:
    """Let members use `/queue`, a few at a time."""
    asked: list[Typed] = []
    for first in range(0, len(members), _ASK_AT_ONCE):
        some = [await stage.discord.type_command(n, "queue", {}) for n in members[first : first + _ASK_AT_ONCE]]
        await _all_answered(some)
        asked += some
    return asked


async def _all_answered(typed: Sequence[Typed]) -> None:
    await _until(lambda: all(t.answered for t in typed))


async def _until(condition: Callable[[], bool]) -> None:
    """Poll a condition up to a time limit; a failure shows in the figures."""
    end = time.monotonic() + _SETTLES_WITHIN_S
    while not condition() and time.monotonic() < end:  # noqa: ASYNC110 - another process decides
        await asyncio.sleep(_LOOK_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The comparisons by topic; `at_work` says whether all slots were in use at the end."""

    compared: Mapping[str, Comparison]
    at_work: bool

    @property
    def exact(self) -> bool:
        """Whether nothing deviates, and something was compared."""
        right = all(not each.deviating for each in self.compared.values())
        return self.at_work and right and self.compared["turns"].compared > 0


def judged(seen: Seen) -> Verdict:
    """Compare what happened with the model, and what members were shown with what was true at that time."""
    joined = {change.job: change.at for change in reversed(seen.changes)}
    places = list(_places(seen, joined))
    refusals = list(_refusals(seen))
    judge = Judge(seen.limits)
    judge.follow(seen.changes, [*places, *(told for told in refusals if told is not None)])
    sentences = Comparison()
    for told, typed in zip(refusals, seen.refused(), strict=True):
        sentences.add(told is not None, f"{typed}")
    called = {change.job for change in seen.changes if change.phase is Phase.CALLED}
    unanswered = Comparison()
    for typed in seen.stale:
        nothing_stored = typed.interaction_id not in seen.jobs and typed.requests == 1
        unanswered.add(nothing_stored, f"{typed}")
    for typed in seen.typed:
        if typed.late:
            unanswered.add(seen.jobs.get(typed.interaction_id) not in called, f"{typed}")
    return Verdict(
        compared={
            "turns": judge.calls,
            "slots": judge.slots,
            "rounds": judge.rounds,
            "caps": judge.caps,
            "places and refusals": judge.told,
            "sentences of refusals": sentences,
            "too late": unanswered,
        },
        at_work=judge.all_at_work(),
    )


def _places(seen: Seen, joined: Mapping[int | None, float]) -> Iterator[Told]:
    """Every queue position that a card or an answer to `/queue` showed."""
    jobs = [seen.jobs.get(t.interaction_id) for t in seen.typed]  # order 7 is at index 7
    for typed, job in zip(seen.typed, jobs, strict=True):
        for at, text in typed.texts():
            if job is not None and (found := _PLACE.search(text)):
                yield Told(member=_id(typed), since=joined[job], until=at, number=int(found[1] or 1), job=job)
    for typed in seen.asked:
        for at, text in typed.texts():
            for number, place in _QUEUED.findall(text):
                yield Told(
                    member=_id(typed), since=typed.sent_time, until=at, number=int(place or 1), job=jobs[int(number)]
                )


def _refusals(seen: Seen) -> Iterator[Told | None]:
    """What each refused member was shown; None for an answer other than that the queue is full."""
    for typed in seen.refused():
        texts = typed.texts()
        found = _FULL.search(texts[-1][1]) if texts else None
        if found is None or int(found[2]) != seen.limits.pending_each:
            yield None
        else:
            yield Told(member=_id(typed), since=typed.sent_time, until=texts[-1][0], number=int(found[1]))


def _id(typed: Typed) -> int:
    return int(member_id(typed.number))


def told(seen: Seen) -> bool:
    """Print the table; returns whether every limit was met."""
    delays = delays_s(seen.typed)
    answered = len(delays)
    late = sum(t.late for t in seen.typed)
    typed = Counter(t.number for t in seen.typed)
    click.echo(
        f"commands            {len(seen.typed):,} of {len(typed):,} members, {min(typed.values())} to "
        f"{max(typed.values())} each, in {seen.took_s:.1f} s"
    )
    click.echo(f"acknowledged        {answered:,}; later than {ACKNOWLEDGED_WITHIN_S:g} s or never: {late:,}")
    if delays:
        middle, nearly_all = delays[answered // 2], delays[answered * 99 // 100]
        click.echo(f"after               median {middle:.3f} s, p99 {nearly_all:.3f} s, longest {delays[-1]:.3f} s")
    refused = seen.refused()
    requests = sum(t.requests for t in refused) / max(1, len(refused))
    click.echo(f"accepted            {len(seen.jobs):,}; refused {len(refused):,}, by {requests:.2f} requests each")
    click.echo(f"processor           {seen.cpu_s:.1f} s, {seen.cpu_s / len(seen.typed) * 1e3:.2f} ms a command")
    click.echo(f"memory, at most     {seen.peak_mb:.0f} MB")
    verdict = judged(seen)
    for name, comparison in verdict.compared.items():
        click.echo(f"{name:<22}{comparison.compared:>6,} compared, {comparison.deviating:,} deviate")
        for example in comparison.examples:
            click.echo(f"    {example}")
    if not verdict.at_work:
        click.echo("SLOTS LEFT FREE     while somebody waited")
    return late == 0 and verdict.exact
