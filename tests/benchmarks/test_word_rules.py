"""The benchmark of attacks by word rules, in a short version."""

from __future__ import annotations

import pytest

from benchmarks.attack.word_rules import Case, Measured, cases, measure, table
from tests.support.fork_server import NURSERY

_GENEROUS_S = 1.2
"""On a machine that does much else. Without the guards the loop is held for seconds, and orders are lost."""


@pytest.mark.parametrize("case", [case for case in cases() if case.rules], ids=lambda case: case.name)
async def test_attack_by_word_rules_delays_no_member(case: Case) -> None:
    """Everyone is acknowledged, the attackers included, and the event loop is not blocked."""
    seen = await measure(case, rounds=1, launch=NURSERY.launch)
    assert seen.late == 0, table([seen])
    assert max(seen.loop_s) < _GENEROUS_S, table([seen])
    assert max(*seen.others_s, *seen.attackers_s) < _GENEROUS_S, table([seen])


def test_busy_machine_is_distinguished_from_a_violation() -> None:
    """Slowness without an attack is not the guards' fault; no member may be left without an answer."""

    def seen(*, p99_s: float, late: int = 0) -> Measured:
        waits = (p99_s,)
        return Measured(
            name="", others_s=waits, attackers_s=waits, late=late, loop_s=waits, peak_mb=1.0, workers_mb=1.0
        )

    busy = seen(p99_s=0.2)
    assert seen(p99_s=0.09).kept
    assert not busy.kept
    assert seen(p99_s=0.3).kept_beside(busy)
    assert not seen(p99_s=0.6).kept_beside(busy)
    assert not seen(p99_s=0.09, late=1).kept_beside(busy)
