"""All that can go wrong, by name: for tests, the page's menu, and the weather that draws from it."""

from sandbox.faults.catalogue import PLACES, TROUBLES, named
from sandbox.faults.fault import NamedFault, Place
from sandbox.faults.random_faults import RandomFaults

__all__ = ["PLACES", "TROUBLES", "NamedFault", "Place", "RandomFaults", "named"]
