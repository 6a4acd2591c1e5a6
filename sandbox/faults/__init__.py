"""All that can go wrong, by name: for tests, the page's menu, and the weather that draws from it."""

from sandbox.faults.catalogue import PLACES, TROUBLES, named
from sandbox.faults.fault import Place, Trouble
from sandbox.faults.random_faults import Weather

__all__ = ["PLACES", "TROUBLES", "Place", "Trouble", "Weather", "named"]
