"""The seed inputs of the fuzzer pass: they are what users and providers send."""

from __future__ import annotations

import pytest

from tests.fuzzing.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_seed_inputs_that_pass(name: str) -> None:
    """No property fails on an unchanged seed, and none is without a seed."""
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for seed in seeds:
        TARGETS[name].check(seed)
