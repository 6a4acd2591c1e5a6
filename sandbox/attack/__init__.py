"""Attacks on the real bot through the sandbox's Discord and provider stand-ins, and a report of what held."""

from sandbox.attack.catalogue import SCENARIOS
from sandbox.attack.run import Result, perform
from sandbox.attack.scenario import Report, Scenario, Verdict

__all__ = ["SCENARIOS", "Report", "Result", "Scenario", "Verdict", "perform"]
