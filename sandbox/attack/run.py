"""Run attacks one after the other and print the results."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from sandbox.attack.aftermath import check_aftermath
from sandbox.attack.catalogue import SCENARIOS
from sandbox.attack.scenario import Report, Scenario, Verdict
from sandbox.attack.target import DELIVERED_WITHIN_S, Target
from sandbox.bot_process import Launch
from sandbox.driver import DriverError

_LONGEST_S: Final = 180.0
_MOST_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A scenario and its result."""

    scenario: Scenario
    verdict: Verdict
    findings: tuple[str, ...]
    attempts: int
    took_s: float


async def perform(
    scenario: Scenario, *, launch: Launch | None = None, patience_s: float = DELIVERED_WITHIN_S
) -> Result:
    """Run one attack on its own bot, then check whether others are still served.

    `patience_s`: seconds that pictures may take to be delivered.
    """
    report, began = Report(), time.monotonic()
    try:
        async with (
            asyncio.timeout(_LONGEST_S),
            Target(scenario.settings, launch=launch, patience_s=patience_s) as target,
        ):
            await target.start()
            try:
                await scenario.run(target, report)
            except DriverError as error:
                report.failed(str(error))
            await check_aftermath(target, report)
    except (DriverError, OSError, TimeoutError) as error:
        report.failed(f"{type(error).__name__}: {error}")
    return Result(
        scenario=scenario,
        verdict=report.verdict,
        findings=tuple(report.findings),
        attempts=report.attempts,
        took_s=time.monotonic() - began,
    )


async def run(names: Sequence[str], *, short: bool = False) -> int:
    """Run the named attacks (none: all, or the short form) and print the table; returns 1 for any hole, else 0."""
    chosen = [s for s in SCENARIOS if (s.name in names if names else s.short or not short)]
    results = []
    click.echo(f"{'point':>5}  {'scenario':<30} {'attempts':>8} {'took':>7}  verdict")
    for scenario in chosen:
        results.append(await perform(scenario))
        click.echo(line(results[-1]))
    counted = ", ".join(f"{sum(r.verdict is verdict for r in results)} {verdict}" for verdict in Verdict)
    click.echo(f"\n{len(results)} scenarios, {sum(r.attempts for r in results)} attempts: {counted}")
    return int(any(r.verdict in (Verdict.HOLE, Verdict.FAILED) for r in results))


def line(result: Result) -> str:
    """A row of the table, followed by its findings."""
    scenario = result.scenario
    row = f"{scenario.point:>5}  {scenario.name:<30} {result.attempts:>8} {result.took_s:>5.1f} s  {result.verdict}"
    shown = [f"{'':>7}{finding}" for finding in result.findings[:_MOST_SHOWN]]
    if (left := len(result.findings) - _MOST_SHOWN) > 0:
        shown.append(f"{'':>7}and {left} more")
    return "\n".join([row, *shown])


def listing() -> str:
    """All scenarios, one a line; those of the short form are marked with a star."""
    return "\n".join(f"{s.point:>3} {'*' if s.short else ' '} {s.name:<30} {s.about}" for s in SCENARIOS)
