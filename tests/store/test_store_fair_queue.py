"""Fair scheduling: round robin among members, FIFO within each, within limits, as the shown positions say."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from bot.domain.errors import BadRequestError, Cost, UnavailableError
from bot.domain.job import JobState
from bot.ports import Submission
from tests.store.conftest import Opener
from tests.support.build import ALICE, BOB, CAROL, PICTURE, new_request
from tests.support.clock import FakeClock
from tests.support.steps import LOST, OWNER, Steps, Store, known


async def enqueue(store: Store, user_id: int, times: int = 1) -> list[int]:
    """Accept single pictures of a member; returns their job numbers."""
    views = [await store.view(await store.accept(new_request(user_id=user_id))) for _ in range(times)]
    return [view.jobs[0].id for view in views]


async def admitted(store: Store, *, most: int = 100) -> list[int]:
    """The numbers of the jobs that are called up."""
    return [job.id for job in await store.admit(OWNER, most=most)]


async def finish(store: Store, job_id: int) -> None:
    """Take a called-up job to `fetched`, which frees its slot."""
    await store.begin_submit(job_id, OWNER)
    await store.submitted(job_id, OWNER, Submission(task_id="t"), None)
    assert await store.fetched(job_id, f"{job_id}.png", PICTURE)


async def places(store: Store) -> list[int]:
    """The waiting jobs' numbers in the order of the positions on their cards."""
    told: dict[int, int] = {}
    for request_id in await store.waiting_requests():
        told |= (await store.view(request_id)).places
    return sorted(told, key=lambda job_id: told[job_id])


async def test_a_members_jobs_keep_their_order(open_store: Opener) -> None:
    """First in, first out, for each member."""
    async with open_store(per_user_running=1) as store:
        jobs = await enqueue(store, ALICE, 3)
        for job_id in jobs:
            assert await admitted(store) == [job_id]
            await finish(store, job_id)


async def test_a_member_runs_no_more_than_their_limit(open_store: Opener) -> None:
    """The third of three waits until one of the two is on disk; uncertain and failed jobs use no slot."""
    async with open_store(per_user_running=2) as store:
        first, second, third = await enqueue(store, ALICE, 3)
        assert await admitted(store) == [first, second]
        assert await admitted(store) == []
        await store.begin_submit(first, OWNER)
        assert await admitted(store) == []
        await store.uncertain(first, LOST)
        assert await admitted(store) == [third]
        assert (await store.job(second)).owner == OWNER


async def test_the_installation_runs_no_more_than_its_limit(open_store: Opener) -> None:
    """Slots are counted over all members, including called-up jobs."""
    async with open_store(max_running=3, per_user_running=2) as store:
        for user_id in (ALICE, BOB, CAROL):
            await enqueue(store, user_id, 2)
        assert len(await admitted(store)) == 3
        assert await admitted(store) == []


async def test_batch_size_is_respected(store: Store) -> None:
    """The next call continues where the previous one ended."""
    jobs = await enqueue(store, ALICE, 5)
    assert await admitted(store, most=2) == jobs[:2]
    assert await admitted(store, most=0) == []
    assert await admitted(store, most=9) == jobs[2:]


async def test_members_take_turns(open_store: Opener) -> None:
    """Ten jobs of one member do not delay another's only job."""
    async with open_store(max_running=1, per_user_running=2) as store:
        of_alice = await enqueue(store, ALICE, 4)
        (of_bob,) = await enqueue(store, BOB)
        (of_carol,) = await enqueue(store, CAROL)
        order = []
        while ids := await admitted(store):
            order += ids
            await finish(store, ids[0])
        assert order == [of_alice[0], of_bob, of_carol, *of_alice[1:]]


async def test_member_with_the_oldest_last_start_goes_first(open_store: Opener, clock: FakeClock) -> None:
    """Turns are stored: a member who has just had one comes after those who waited."""
    async with open_store(max_running=1) as store:
        for user_id in (ALICE, BOB):
            (job_id,) = await enqueue(store, user_id)
            assert await admitted(store) == [job_id]
            await finish(store, job_id)
            clock.shift(1)
        (of_bob,), (of_alice,) = await enqueue(store, BOB), await enqueue(store, ALICE)
        assert await places(store) == [of_alice, of_bob]
        assert await admitted(store) == [of_alice]


async def test_order_within_one_batch_counts_as_a_turn(store: Store) -> None:
    """Members who started at the same time are ordered by their order in that batch."""
    first = [*await enqueue(store, BOB), *await enqueue(store, ALICE)]
    assert await admitted(store) == first
    for job_id in first:
        await finish(store, job_id)
    (of_alice,), (of_bob,) = await enqueue(store, ALICE), await enqueue(store, BOB)
    assert await admitted(store) == [of_bob, of_alice]


async def test_delayed_job_is_not_called_up_before_its_time(store: Store, clock: FakeClock) -> None:
    """`not_before` holds one job; others continue, and the time is returned so that admission can wake up then."""
    held, *_ = await enqueue(store, ALICE)
    await admitted(store)
    await store.begin_submit(held, OWNER)
    moment = clock.now() + timedelta(seconds=30)
    assert await store.back_to_queue(held, OWNER, UnavailableError("busy"), moment)
    (other,) = await enqueue(store, BOB)
    assert await store.next_not_before(clock.now()) == moment
    assert await admitted(store) == [other]
    clock.shift(29.9)
    assert await admitted(store) == []
    clock.shift(0.1)
    assert await admitted(store) == [held]
    assert await store.next_not_before(clock.now()) is None


async def test_past_time_hides_no_later_one(open_store: Opener, clock: FakeClock) -> None:
    """Neither a job that now waits for a slot nor a cancelled one hides a later time."""
    async with open_store(per_user_running=1) as store:
        moments = [clock.now() + timedelta(seconds=seconds) for seconds in (10, 20, 30)]
        for user_id, moment in zip((ALICE, BOB, CAROL), moments, strict=True):
            (job_id,) = await enqueue(store, user_id)
            await admitted(store)
            await store.begin_submit(job_id, OWNER)
            await store.back_to_queue(job_id, OWNER, UnavailableError("busy"), moment)
        assert await store.next_not_before(clock.now()) == moments[0]
        clock.shift(10)
        assert await store.next_not_before(clock.now()) == moments[1]
        await store.cancelled((await store.view((await store.waiting_requests())[1])).jobs[0].id)
        assert await store.next_not_before(clock.now()) == moments[2]
        clock.shift(20)
        assert await store.next_not_before(clock.now()) is None


async def test_requeued_job_keeps_its_position(open_store: Opener) -> None:
    """An empty balance or a busy provider costs no position: neither among the member's own jobs nor overall."""
    async with open_store(max_running=1) as store:
        first, second = await enqueue(store, ALICE, 2)
        (of_bob,) = await enqueue(store, BOB)
        for _ in range(3):
            assert await admitted(store) == [first]
            await store.begin_submit(first, OWNER)
            await store.back_to_queue(first, OWNER, UnavailableError("busy"), None)
            assert await places(store) == [first, of_bob, second]


async def test_every_other_outcome_of_a_submit_uses_the_members_turn(open_store: Opener) -> None:
    """A refused or uncertain job counts as served: other members come next."""
    async with open_store(max_running=1) as store:
        refused, unknown, third = await enqueue(store, ALICE, 3)
        bobs = await enqueue(store, BOB, 2)
        assert await admitted(store) == [refused]
        await store.begin_submit(refused, OWNER)
        await store.failed(refused, BadRequestError("400"), Cost.NOTHING)
        assert await admitted(store) == [bobs[0]]
        await finish(store, bobs[0])
        assert await admitted(store) == [unknown]
        await store.begin_submit(unknown, OWNER)
        await store.uncertain(unknown, LOST)
        assert await places(store) == [bobs[1], third]


async def test_unclaimed_job_returns_to_its_position(store: Store) -> None:
    """Called up and put back: it is unchanged. Only its owner may put it back."""
    (job_id,) = await enqueue(store, ALICE)
    await admitted(store)
    await store.unclaim(job_id, "another-process")
    assert (await store.job(job_id)).owner == OWNER
    await store.unclaim(job_id, OWNER)
    job = await store.job(job_id)
    assert (job.owner, job.state, job.tries) == (None, JobState.QUEUED, 0)
    assert await admitted(store) == [job_id]


async def test_cancelled_job_is_never_called_up(store: Store) -> None:
    """A cancelled job can't be submitted, neither before nor after it was called up."""
    waiting, claimed = await enqueue(store, ALICE, 2)
    await store.cancelled(waiting)
    assert await admitted(store) == [claimed]
    await store.cancelled(claimed)
    assert await store.begin_submit(claimed, OWNER) is None
    assert await store.waiting() == 0


async def test_calling_jobs_up_changes_no_other_position(open_store: Opener) -> None:
    """Jobs behind keep the shown order, also while the provider has not answered yet."""
    async with open_store(max_running=2, per_user_running=2) as store:
        alices = await enqueue(store, ALICE)
        bobs = await enqueue(store, BOB, 2)
        alices += await enqueue(store, ALICE)
        foretold = await places(store)
        assert foretold == [alices[0], bobs[0], alices[1], bobs[1]]
        for job_id in foretold[:2]:
            assert await admitted(store, most=1) == [job_id]
            await store.begin_submit(job_id, OWNER)
        assert await places(store) == foretold[2:]
        for job_id in foretold[:2]:
            await store.submitted(job_id, OWNER, Submission(task_id="t"), None)
        assert await places(store) == foretold[2:]


async def test_called_up_jobs_have_no_position(store: Store) -> None:
    """Only waiting jobs have positions: the first of them is next."""
    first, second = await enqueue(store, ALICE, 2)
    assert await places(store) == [first, second]
    await admitted(store, most=1)
    assert await places(store) == [second]
    request_id = (await store.job(second)).request_id
    assert (await store.view(request_id)).places == {second: 1}


async def test_start_requeues_called_up_jobs_and_takes_over_the_rest(store: Store, steps: Steps) -> None:
    """Jobs called up by an earlier process wait again; those it had submitted or fetched are now ours."""
    taken = [await steps.submitting(), await steps.running(), await steps.fetched()]
    called_up = await steps.called_up()
    left_alone = [await steps.delivered(), await steps.uncertain()]
    adopted = await store.adopt("new-process")
    assert [(job.id, job.state, job.owner) for job in adopted] == [(j.id, j.state, "new-process") for j in taken]
    assert (await store.job(called_up.id)).owner is None
    assert [await store.job(job.id) for job in left_alone] == left_alone
    assert known(await store.find(called_up.id)).state is JobState.QUEUED


async def test_after_a_start_no_job_waits_for_a_lost_acknowledgement(store: Store, clock: FakeClock) -> None:
    """A job that waited for its acknowledgement is due; one that waits for a retry still waits."""
    again, *_ = await enqueue(store, BOB)
    await admitted(store)
    await store.begin_submit(again, OWNER)
    await store.back_to_queue(again, OWNER, UnavailableError("busy"), clock.now() + timedelta(seconds=30))
    unanswered = await store.accept(new_request(), not_before=clock.now() + timedelta(seconds=20))
    assert await admitted(store) == []
    await store.adopt("new-process")
    assert [job.request_id for job in await store.admit("new-process", most=9)] == [unanswered]


@pytest.mark.parametrize("seed", range(8))
async def test_positions_predict_the_order_of_admission(seed: int, open_store: Opener, clock: FakeClock) -> None:
    """The positions shown at the beginning are the order in which the jobs are called up one by one."""
    rng = random.Random(seed)
    async with open_store(max_running=1, per_user_running=rng.randint(1, 3), per_user_pending=99) as store:
        await random_line(store, rng)
        foretold = await places(store)
        called_up: list[int] = []
        while ids := await admitted(store):
            called_up += ids
            clock.shift(rng.choice([0, 0.0004, -2]))  # a stopped clock, or one set back, changes no turn
            await finish(store, ids[0])
        assert called_up == foretold


@pytest.mark.parametrize("seed", range(8))
async def test_job_at_position_one_is_next(seed: int, open_store: Opener) -> None:
    """With running jobs, finishing in any order, the first positions at each time are the next to be called up."""
    rng = random.Random(seed)
    async with open_store(max_running=rng.randint(2, 5), per_user_running=99, per_user_pending=99) as store:
        await random_line(store, rng)
        working: list[int] = []
        while foretold := await places(store):
            ids = await admitted(store)
            assert ids == foretold[: len(ids)]
            assert ids
            working += ids
            await finish(store, working.pop(rng.randrange(len(working))))


async def random_line(store: Store, rng: random.Random) -> None:
    """Give some members an earlier turn, then enqueue a burst."""
    members = [ALICE, BOB, CAROL, 44]
    for user_id in rng.sample(members, k=rng.randint(0, 4)):
        (job_id,) = await enqueue(store, user_id)
        assert await admitted(store) == [job_id]
        await finish(store, job_id)
    for _ in range(rng.randint(5, 16)):
        await enqueue(store, rng.choice(members))
