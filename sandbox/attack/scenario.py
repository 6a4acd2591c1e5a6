"""An attack scenario, its findings and its verdict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.attack.target import Target


class Verdict(StrEnum):
    """The result of an attack, best first."""

    HELD = "held"
    """Refused, or without effect; no other member was affected."""
    WEAK = "weak"
    """No harm, but not as documented: no answer, a slow one, or a traceback in the log."""
    HOLE = "hole"
    """Something was stored, charged, disclosed or stopped."""
    FAILED = "failed"
    """The attack could not be run, so the result is unknown."""


_ORDER = list(Verdict)


@dataclass(slots=True)
class Report:
    """Collects a scenario's findings; the worst one is its verdict."""

    verdict: Verdict = Verdict.HELD
    findings: list[str] = field(default_factory=list)
    attempts: int = 0

    def attempt(self) -> None:
        """Count one attempt."""
        self.attempts += 1

    def weak(self, finding: str) -> None:
        """Record a finding: no harm, but not as documented."""
        self._found(Verdict.WEAK, finding)

    def hole(self, finding: str) -> None:
        """Record a finding: something was stored, charged, disclosed or stopped."""
        self._found(Verdict.HOLE, finding)

    def failed(self, finding: str) -> None:
        """Record that the attack could not be run."""
        self._found(Verdict.FAILED, finding)

    def _found(self, verdict: Verdict, finding: str) -> None:
        if _ORDER.index(verdict) > _ORDER.index(self.verdict) and self.verdict is not Verdict.HOLE:
            self.verdict = verdict
        self.findings.append(f"{verdict}: {finding}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of attack, run against its own bot."""

    name: str
    point: int
    """The point in the list of holes that it belongs to."""
    about: str
    run: Callable[[Target, Report], Awaitable[None]]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the bot in addition to the sandbox's."""
    short: bool = True
    """Whether it is in the short form, which the tests run."""
