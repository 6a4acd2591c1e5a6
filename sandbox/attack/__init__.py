"""Attacks on the real bot from outside, through the sandbox's Discord and provider: what holds, and what doesn't."""

from sandbox.attack.catalogue import SCENARIOS
from sandbox.attack.run import Result, perform
from sandbox.attack.scenario import Report, Scenario, Verdict

__all__ = ["SCENARIOS", "Report", "Result", "Scenario", "Verdict", "perform"]
