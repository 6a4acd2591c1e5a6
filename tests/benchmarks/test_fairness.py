"""The fairness check of the load benchmark detects violations of the scheduling rules."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.load.fairness import Judge, Told
from benchmarks.load.turns import Limits, Phase
from benchmarks.load.witness import Change

ALICE, BOB = 11, 22
LIMITS = Limits(running_each=2, pending_each=3, running=3)


def history(*steps: tuple[int, int | None, Phase | None]) -> list[Change]:
    """One change a second, each a member, a job (or a start) and its phase."""
    return [
        Change(at=float(at), member=member, job=job, phase=phase, held_until=None)
        for at, (member, job, phase) in enumerate(steps)
    ]


def followed(changes: Sequence[Change], *told: Told) -> Judge:
    """A check that has seen all of it."""
    judge = Judge(LIMITS)
    judge.follow(changes, told)
    return judge


LINE = [(ALICE, 1, Phase.WAITS), (ALICE, 2, Phase.WAITS), (BOB, 3, Phase.WAITS)]


def test_call_up_in_turn_passes_and_out_of_turn_deviates() -> None:
    """Alice's first goes before Bob's only one, which goes before her second."""
    right = followed(history(*LINE, (ALICE, 1, Phase.CALLED), (BOB, 3, Phase.CALLED), (ALICE, 2, Phase.CALLED)))
    assert (right.calls.compared, right.calls.deviating, right.rounds.deviating) == (3, 0, 0)
    wrong = followed(history(*LINE, (ALICE, 1, Phase.CALLED), (ALICE, 2, Phase.CALLED), (BOB, 3, Phase.CALLED)))
    assert (wrong.calls.deviating, wrong.rounds.deviating) == (1, 1)


def test_too_many_running_jobs_deviate() -> None:
    """A third running picture of a member, though no other member waits."""
    steps = [(ALICE, job, phase) for job in (1, 2, 3) for phase in (Phase.WAITS, Phase.CALLED)]
    assert followed(history(*steps)).slots.deviating == 1


def test_too_long_queue_deviates() -> None:
    """A fourth waiting picture, called up or not."""
    steps = [(ALICE, 1, Phase.WAITS), (ALICE, 1, Phase.CALLED), *((ALICE, job, Phase.WAITS) for job in (2, 3, 4))]
    assert followed(history(*steps)).caps.deviating == 1


def test_shown_position_must_have_been_true_while_it_was_read() -> None:
    """Bob's picture was second, then next when Alice's had been called up; never third, and no longer second."""
    changes = history(*LINE[::2], LINE[1], (ALICE, 1, Phase.CALLED), (BOB, None, None))
    told = [Told(member=BOB, job=3, number=number, since=1.5, until=3.5) for number in (1, 2, 3)]
    assert (followed(changes, *told).told.compared, followed(changes, *told).told.deviating) == (3, 1)
    late = Told(member=BOB, job=3, number=2, since=3.5, until=9.0)
    assert followed(changes, late).told.deviating == 1


def test_refusal_must_name_the_full_queue_as_it_was() -> None:
    """Three of three; neither two nor a number that was never true."""
    changes = history(*((ALICE, job, Phase.WAITS) for job in (1, 2, 3)), (ALICE, 1, Phase.SENT))
    told = [Told(member=ALICE, number=number, since=1.5, until=2.5) for number in (2, 3, 4)]
    assert followed(changes, *told).told.deviating == 2


def test_slots_that_stay_free_while_jobs_wait_are_detected() -> None:
    """At the end every job that may run is running."""
    assert not followed(history(*LINE, (ALICE, 1, Phase.CALLED))).all_at_work()
    assert followed(history(*LINE, *((member, job, Phase.CALLED) for member, job, _ in LINE))).all_at_work()
