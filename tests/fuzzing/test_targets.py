"""The fuzzer has something to begin with: its first inputs pass, for they are what users and providers send."""

from __future__ import annotations

import pytest

from tests.fuzzing.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_begins_with_inputs_that_pass(name: str) -> None:
    """No promise is broken before anything was changed, and none is without an input."""
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for seed in seeds:
        TARGETS[name].check(seed)
