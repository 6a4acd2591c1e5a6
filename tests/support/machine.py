"""Machines with limited resources for tests, where this host can provide them."""

from __future__ import annotations

import os

import pytest

from sandbox.machine import Machine, why_no_small_disk


def machine_with_small_disk(disk_bytes: int) -> Machine:
    """A machine with a small disk; without namespaces the test is skipped, or fails if REQUIRE_ALL_TESTS=1."""
    if why := why_no_small_disk():
        if os.environ.get("REQUIRE_ALL_TESTS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return Machine(disk_bytes=disk_bytes)
