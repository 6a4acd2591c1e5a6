"""The measurement of attacks by word rules, with a short one."""

from __future__ import annotations

import pytest

from benchmarks.attack.word_rules import Case, cases, measure, table
from tests.support.nursery import NURSERY

_GENEROUS_S = 1.2
"""On a machine that does much else. Without the guards the loop is held for seconds, and orders are lost."""


@pytest.mark.parametrize("case", [case for case in cases() if case.rules], ids=lambda case: case.name)
async def test_an_attack_by_word_rules_delays_nobody(case: Case) -> None:
    """Everybody is acknowledged, the attackers included, and the event loop goes on."""
    seen = await measure(case, rounds=1, launch=NURSERY.launch)
    assert seen.late == 0, table([seen])
    assert max(seen.loop_s) < _GENEROUS_S, table([seen])
    assert max(*seen.others_s, *seen.attackers_s) < _GENEROUS_S, table([seen])
