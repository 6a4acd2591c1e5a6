"""The measurement of a burst, with a small one."""

from __future__ import annotations

import pytest

from benchmarks.load.burst import burst, told
from tests.support.nursery import NURSERY


async def test_a_crowd_is_answered_and_everybody_gets_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """More at once than are stored at once: each is acknowledged in time, and each line is filled, not more."""
    seen = await burst(commands=80, members=5, within_s=0.1, launch=NURSERY.launch)
    assert told(seen, 5), capsys.readouterr().out
    assert sum(typed.deferred for typed in seen.typed) > 40
    assert sum(typed.private for typed in seen.typed) == 0
    assert 50 <= sum(seen.accepted.values()) <= 60
