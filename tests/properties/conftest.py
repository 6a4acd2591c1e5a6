"""The number of examples per property: few and fixed ones, or as many as PROPERTY_EXAMPLES says.

A long run (`make properties EXAMPLES=20000`) uses random ones and prints how to repeat a failure.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW_MACHINES = (HealthCheck.too_slow, HealthCheck.filter_too_much)

settings.register_profile(
    "quick",
    max_examples=16,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=_SLOW_MACHINES,
)
settings.register_profile(
    "long",
    max_examples=int(os.environ.get("PROPERTY_EXAMPLES") or 1),
    stateful_step_count=100,
    print_blob=True,
    deadline=None,
    suppress_health_check=_SLOW_MACHINES,
)
settings.load_profile("long" if os.environ.get("PROPERTY_EXAMPLES") else "quick")
