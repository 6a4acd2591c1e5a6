"""All injectable faults, by name: for tests, the page's menu, and random fault injection."""

from sandbox.faults.catalogue import PLACES, TROUBLES, named
from sandbox.faults.fault import NamedFault, Place
from sandbox.faults.random_faults import RandomFaults

__all__ = ["PLACES", "TROUBLES", "NamedFault", "Place", "RandomFaults", "named"]
