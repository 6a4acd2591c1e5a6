"""An attack, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.attack.target import Target


class Verdict(StrEnum):
    """What came of an attack, the best first."""

    HELD = "held"
    """Refused, or without effect; nobody else was affected."""
    WEAK = "weak"
    """No harm, but not what the documentation promises: no answer, a slow one, a traceback in the log."""
    HOLE = "hole"
    """Something was stored, charged, disclosed or stopped."""
    FAILED = "failed"
    """The attack could not be carried out, so nothing is known."""


_ORDER = list(Verdict)


@dataclass(slots=True)
class Report:
    """Collects what a scenario finds; the worst finding is its verdict."""

    verdict: Verdict = Verdict.HELD
    findings: list[str] = field(default_factory=list)
    attempts: int = 0

    def attempt(self) -> None:
        """Count one attempt."""
        self.attempts += 1

    def weak(self, finding: str) -> None:
        """No harm, but not as promised."""
        self._found(Verdict.WEAK, finding)

    def hole(self, finding: str) -> None:
        """Harm was done."""
        self._found(Verdict.HOLE, finding)

    def failed(self, finding: str) -> None:
        """The attack could not be carried out."""
        self._found(Verdict.FAILED, finding)

    def _found(self, verdict: Verdict, finding: str) -> None:
        if _ORDER.index(verdict) > _ORDER.index(self.verdict) and self.verdict is not Verdict.HOLE:
            self.verdict = verdict
        self.findings.append(f"{verdict}: {finding}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An attack of one kind against a bot of its own."""

    name: str
    point: int
    """The point of the list of holes that it belongs to."""
    about: str
    run: Callable[[Target, Report], Awaitable[None]]
    settings: Mapping[str, str] = field(default_factory=dict)
    """The bot's settings beside the sandbox's."""
    short: bool = True
    """Whether it belongs to the short form, which the tests run."""
