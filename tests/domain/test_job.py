"""The states of a job, as a graph."""

from __future__ import annotations

import pytest

from bot.domain.job import AT_WORK, SETTLED, TRANSITIONS, WAITING, JobState

S = JobState


def reachable_from(start: JobState) -> set[JobState]:
    """Every state that is reachable, in any number of steps."""
    found: set[JobState] = set()
    frontier = {start}
    while frontier:
        frontier = {after for state in frontier for after in TRANSITIONS[state]} - found
        found |= frontier
    return found


def test_every_state_has_its_transitions_written_down() -> None:
    """A state that is missing from the table would make the store raise KeyError."""
    assert set(TRANSITIONS) == set(S)


def test_every_state_can_be_reached_from_queued() -> None:
    """No state is unreachable."""
    assert reachable_from(S.QUEUED) | {S.QUEUED} == set(S)


@pytest.mark.parametrize("state", [S.DELIVERED, S.FAILED])
def test_terminal_states_are_terminal(state: JobState) -> None:
    """A delivered or failed job has no transitions."""
    assert TRANSITIONS[state] == frozenset()


@pytest.mark.parametrize("state", sorted(set(S) - {S.DELIVERED, S.FAILED}))
def test_every_other_state_leads_to_an_end(state: JobState) -> None:
    """No job can be stuck."""
    assert reachable_from(state) & {S.DELIVERED, S.FAILED, S.CANCELLED}


def test_uncertain_never_leads_back_to_a_submit() -> None:
    """A POST is never sent twice for one job: ordering again is a new job."""
    assert not reachable_from(S.UNCERTAIN) & {S.QUEUED, S.SUBMITTING}
    assert not reachable_from(S.RUNNING) & {S.QUEUED, S.SUBMITTING}


def test_groups_of_states_do_not_overlap() -> None:
    """A job waits, is running, awaits delivery, awaits a decision, or is settled: exactly one of them."""
    groups = [WAITING, AT_WORK, SETTLED, frozenset({S.FETCHED}), frozenset({S.UNCERTAIN})]
    assert sum(map(len, groups)) == len(frozenset().union(*groups)) == len(S)
