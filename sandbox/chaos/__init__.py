"""The chaos campaign: many orders, kills and faults, and afterwards an account of every picture."""

from sandbox.chaos.campaign import Campaign
from sandbox.chaos.plan import Plan

__all__ = ["Campaign", "Plan"]
