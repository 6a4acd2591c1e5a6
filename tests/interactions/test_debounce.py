"""A double click counts as one press."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.errors import Refusal
from bot.interactions.debounce import PressDebouncer
from tests.support.build import ALICE, BOB
from tests.support.clock import START

AGAIN = (ALICE, 99, "again:7")


@pytest.mark.parametrize("seconds", [0, 0.3, -0.3, 0.99])
def test_second_click_of_a_double_click_is_refused(seconds: float) -> None:
    """In whichever order the two arrive."""
    debouncer = PressDebouncer()
    debouncer.take_at(AGAIN, START)
    with pytest.raises(Refusal) as caught:
        debouncer.take_at(AGAIN, START + timedelta(seconds=seconds))
    assert caught.value.code == "pressed_twice"


def test_later_click_is_a_new_press() -> None:
    """Also if clicks in between were refused: the time counts from the last accepted one."""
    debouncer = PressDebouncer()
    debouncer.take_at(AGAIN, START)
    with pytest.raises(Refusal):
        debouncer.take_at(AGAIN, START + timedelta(seconds=0.6))
    debouncer.take_at(AGAIN, START + timedelta(seconds=1))


@pytest.mark.parametrize("other", [(BOB, 99, "again:7"), (ALICE, 98, "again:7"), (ALICE, 99, "bigger:7")])
def test_presses_on_other_targets_are_independent(other: tuple[int, int, str]) -> None:
    """Another member, another message, another button."""
    debouncer = PressDebouncer()
    debouncer.take_at(AGAIN, START)
    debouncer.take_at(other, START)


def test_number_of_remembered_presses_is_bounded() -> None:
    """Memory use does not grow over years."""
    debouncer = PressDebouncer()
    debouncer.take_at(AGAIN, START)
    for number in range(10_000):
        debouncer.take_at((number, 0, ""), START)
    debouncer.take_at(AGAIN, START)
