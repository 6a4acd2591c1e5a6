"""Machines in trouble for tests, where this one can make them."""

from __future__ import annotations

import os

import pytest

from sandbox.machine import Machine, why_no_small_disk


def machine_with_small_disk(disk_bytes: int) -> Machine:
    """One; without namespaces the test is skipped, or fails where REQUIRE_ALL_TESTS=1 allows no skips."""
    if why := why_no_small_disk():
        if os.environ.get("REQUIRE_ALL_TESTS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return Machine(disk_bytes=disk_bytes)
