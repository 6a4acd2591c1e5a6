"""All that can go wrong, by name: for tests, the page's menu, and the weather that draws from it."""

from sandbox.trouble.catalogue import PLACES, TROUBLES, named
from sandbox.trouble.trouble import Place, Trouble
from sandbox.trouble.weather import Weather

__all__ = ["PLACES", "TROUBLES", "Place", "Trouble", "Weather", "named"]
