"""All attacks, in the order of their points."""

from typing import Final

from sandbox.attack import backups, events, forms, load, provider, redirects, retries, texts, values
from sandbox.attack.scenario import Scenario

_MODULES: Final = (values, forms, load, provider, redirects, texts, backups, retries, events)
SCENARIOS: Final[tuple[Scenario, ...]] = tuple(
    sorted((scenario for module in _MODULES for scenario in module.SCENARIOS), key=lambda scenario: scenario.point)
)
