"""The crash campaign: many orders, many kills, faults all the while; afterwards every picture is accounted for."""

from sandbox.chaos.campaign import Campaign
from sandbox.chaos.plan import Plan

__all__ = ["Campaign", "Plan"]
