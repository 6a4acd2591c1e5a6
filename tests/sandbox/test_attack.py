"""A short version of the attack scenarios, and whether they detect a vulnerability."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from sandbox.__main__ import main
from sandbox.attack import SCENARIOS, Report, Scenario, Verdict, perform
from sandbox.attack.run import line
from sandbox.attack.target import Target
from tests.support.fork_server import NURSERY

SHORT = [scenario for scenario in SCENARIOS if scenario.short]
POINTS = set(range(1, 13))


@pytest.mark.parametrize("scenario", SHORT, ids=lambda scenario: scenario.name)
async def test_an_attack_has_no_effect(scenario: Scenario) -> None:
    """Refused in one sentence; nothing stored, no other member affected."""
    result = await perform(scenario, launch=NURSERY.launch)
    assert result.verdict is Verdict.HELD, line(result)
    assert result.attempts > 0


def test_every_point_has_a_scenario() -> None:
    """Names are unique, since `--only` selects by them."""
    assert {scenario.point for scenario in SCENARIOS} == POINTS
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


async def test_bot_that_ended_is_a_finding() -> None:
    """Whatever the scenario itself checked."""

    async def kill(target: Target, report: Report) -> None:
        report.attempt()
        await target.bot.kill()

    scenario = Scenario(name="kill", point=1, about="", run=kill)
    assert (await perform(scenario, launch=NURSERY.launch)).verdict is Verdict.HOLE


async def test_another_member_without_a_picture_is_a_finding() -> None:
    """An attack with no other effect is detected by the member it keeps waiting."""

    async def empty(target: Target, report: Report) -> None:
        report.attempt()
        target.apimaster.set_balance(0)

    scenario = Scenario(name="no balance", point=6, about="", run=empty)
    result = await perform(scenario, launch=NURSERY.launch, patience_s=2)
    assert result.verdict is Verdict.HOLE
    assert "another member gets no picture" in line(result)


def test_the_worst_finding_is_the_verdict() -> None:
    """A vulnerability stays the verdict, whatever else is found."""
    report = Report()
    verdicts = [report.verdict]
    for found in (report.weak, report.hole, report.failed, report.weak):
        found("something")
        verdicts.append(report.verdict)
    assert verdicts == [Verdict.HELD, Verdict.WEAK, Verdict.HOLE, Verdict.HOLE, Verdict.HOLE]
    assert report.findings[:2] == ["weak: something", "hole: something"]


def test_scenarios_are_listed() -> None:
    """With their points and descriptions."""
    said = CliRunner().invoke(main, ["attack", "--list"])
    assert said.exit_code == 0
    assert all(scenario.name in said.output for scenario in SCENARIOS)
