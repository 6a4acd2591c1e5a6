"""An empty balance is a state: submission pauses, every job keeps its place, and it ends by itself."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from bot.domain.errors import (
    BadRequestError,
    BalanceError,
    Cost,
    InvalidKeyError,
    RateLimitedError,
    UnavailableError,
)
from bot.domain.job import JobState
from bot.ports import Submission
from tests.support.build import BOB, CAROL
from tests.support.clock import START
from tests.support.pipeline_harness import Works

EMPTY = BalanceError("insufficient balance", http_status=402, request_id="req-1")


def gaps(moments: list[float]) -> list[float]:
    """The seconds between moments, to the second."""
    return [round(after - before) for before, after in pairwise(moments)]


async def test_empty_balance_pauses_and_resumes_by_itself(works: Works) -> None:
    """A 402 costs the job nothing but time: back in its place, submitted again by the probe, delivered."""
    works.provider.submits.append(EMPTY)
    await works.start()
    job = await works.becomes(await works.imagine(), JobState.FETCHED)
    assert gaps(works.provider.posted_at) == [60]
    assert (job.cost, job.error_code) == (Cost.CHARGED, "")
    assert not (await works.store.gate()).closed


async def test_several_refusals_at_once_close_the_gate_once(works: Works) -> None:
    """Three POSTs under way when the balance ends: one closing, one alert, one wait, three recorded errors."""
    works.provider.submits += [EMPTY] * 3
    works.provider.answering.clear()
    await works.start()
    jobs = [await works.imagine(user_id=user_id) for user_id in (1, BOB, CAROL)]
    await works.posted(3)
    works.provider.answering.set()
    for job in jobs:
        await works.becomes(job, JobState.FETCHED)
    assert gaps(works.provider.posted_at[:4]) == [0, 0, 60]
    assert sum(row.balance_errors for row in await works.store.usage(None)) == 3
    await works.until(lambda: len(works.alerts.told) == 2)


async def test_owner_is_told_once_when_it_closes_and_once_when_it_opens(works: Works) -> None:
    """Failed probes in between tell nobody anything."""
    works.provider.submits += [EMPTY] * 4
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    await works.until(lambda: len(works.alerts.told) == 2)
    closed, opened = works.alerts.told
    assert "empty balance" in closed
    assert "after 60 seconds" in closed
    assert "sufficient again" in opened


async def test_the_first_waiting_job_is_the_probe(works: Works) -> None:
    """Whoever is next in line asks for all; the rest are not submitted until it succeeded."""
    await works.store.close_gate("balance", probe_at=START, backoff_s=60)
    await works.imagine(prompt="first")
    await works.imagine(prompt="second", user_id=BOB)
    works.provider.answering.clear()
    await works.start()
    await works.until(lambda: bool(works.provider.posts))
    works.admission.wake()
    await works.settle()
    assert works.provider.posts == ["first"]
    works.provider.answering.set()
    await works.posted(2)


async def test_waiting_cards_are_refreshed_when_the_gate_closes(works: Works) -> None:
    """Every waiting message has to say that the balance is empty."""
    works.provider.submits += [EMPTY] * 2
    waiting = [await works.imagine(user_id=user_id) for user_id in (BOB, CAROL)]
    await works.start()
    for job in waiting:
        await works.shown(job)


async def test_restart_probes_at_once(works: Works) -> None:
    """The owner topped up and started the bot again: nobody waits for the old back-off."""
    await works.store.close_gate("balance", probe_at=START + timedelta(seconds=900), backoff_s=900)
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    assert works.provider.posted_at == [0]


async def test_restart_into_an_empty_balance_begins_the_back_off_anew(works: Works) -> None:
    """It is still empty: closed since the first time, with one quick probe and then doubled waits."""
    await works.store.close_gate("balance", probe_at=START + timedelta(seconds=900), backoff_s=900)
    await works.store.note_told()
    works.clock.shift(100)
    works.provider.submits += [EMPTY] * 2
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    assert gaps(works.provider.posted_at) == [120, 240]
    assert len([text for text in works.alerts.told if "paused" in text]) == 0


async def test_refused_key_closes_the_gate_too(works: Works) -> None:
    """A wrong key is the owner's to mend: jobs wait, and the owner is told which setting it is."""
    works.provider.submits.append(InvalidKeyError("401", http_status=401))
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    await works.until(lambda: len(works.alerts.told) == 2)
    assert "APIMASTER_API_KEY" in works.alerts.told[0]
    assert sum(row.balance_errors for row in await works.store.usage(None)) == 0


async def test_probe_that_tells_nothing_is_followed_by_another(works: Works) -> None:
    """A probe that ends in a slow-down, in no capacity or in a bad request leaves the gate closed, not stuck."""
    await works.store.close_gate("balance", probe_at=START, backoff_s=60)
    works.provider.submits += [RateLimitedError("429"), UnavailableError("503"), BadRequestError("400")]
    await works.start()
    first = await works.imagine()
    second = await works.imagine(user_id=BOB)
    await works.becomes(first, JobState.FAILED)
    await works.becomes(second, JobState.FETCHED)
    assert all(60 <= gap < 70 for gap in gaps(works.provider.posted_at))
    assert len(works.provider.posts) == 4


async def test_probe_that_was_cancelled_in_time_is_followed_by_another(works: Works) -> None:
    """The member took the probing job back before its POST: the next one probes after the same wait."""
    await works.store.close_gate("balance", probe_at=START, backoff_s=60)
    await works.gate.start()
    works.gate.admitted(1)
    assert works.gate.allowance(20) == 0
    await works.gate.undecided(1)
    assert works.gate.allowance(20) == 0
    works.clock.shift(60)
    assert works.gate.allowance(20) == 1


async def test_job_called_up_while_the_gate_closed_is_no_probe(works: Works) -> None:
    """The gate closed while a batch was being called up: none of it is submitted before a probe is due."""
    await works.gate.start()
    await works.gate.refused(1, EMPTY)
    for job_id in (2, 3):
        works.gate.admitted(job_id)
        assert not works.gate.lets_through(job_id)
    works.clock.shift(60)
    assert works.gate.allowance(20) == 1
    works.gate.admitted(2)
    assert works.gate.lets_through(2)
    assert not works.gate.lets_through(3)


async def test_answers_of_earlier_posts_do_not_move_the_gate(works: Works) -> None:
    """A POST that was under way when the gate closed neither opens it nor doubles the wait."""
    await works.gate.start()
    await works.gate.refused(1, EMPTY)
    await works.gate.passed(2)
    await works.gate.refused(3, EMPTY)
    gate = await works.store.gate()
    assert gate.closed
    assert gate.backoff_s == 60
    assert gate.probe_at == START + timedelta(seconds=60)


async def test_database_trouble_while_the_gate_moves_costs_no_job_anything(works: Works) -> None:
    """Neither closing nor opening may fail a job, and in the end the stored gate is the real one."""
    works.provider.submits += [EMPTY] * 2
    works.store.trouble["close_gate"] = 3
    works.store.trouble["open_gate"] = 3
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    assert not works.store.trouble["close_gate"]
    assert not works.store.trouble["open_gate"]
    assert not (await works.store.gate()).closed
    assert len(works.provider.posts) == 3


async def test_owner_who_was_not_told_before_a_crash_is_told_at_the_start(works: Works) -> None:
    """The process ended between closing the gate and saying so; told once, a further restart says nothing."""
    await works.store.close_gate("balance", probe_at=START, backoff_s=60)
    await works.gate.start()
    await works.until(lambda: len(works.alerts.told) == 1)
    assert works.alerts.told[0].endswith("[Resume now]")
    await works.until(lambda: works.alerts.lines == [works.alerts.lines[0]])
    await works.announcements.drain(5)
    await works.gate.start()
    await works.announcements.drain(5)
    assert len(works.alerts.told) == 1


async def test_a_balance_that_comes_and_goes_is_told_each_time_in_order(works: Works) -> None:
    """402, then 200, then 402 …: each closing and each opening once, and every picture arrives."""
    for _ in range(4):
        works.provider.submits += [EMPTY, Submission(task_id="task-ok")]
    await works.start()
    for number in range(4):
        await works.becomes(await works.imagine(user_id=100 + number), JobState.FETCHED)
    await works.until(lambda: len(works.alerts.told) == 8)
    assert ["empty balance" in told for told in works.alerts.told] == [True, False] * 4
    assert [line[0] for line in works.alerts.lines] == ["⏸", "▶"] * 4
    assert len(works.provider.posts) == 8


async def test_a_pause_submits_nothing_until_it_is_resumed(works: Works) -> None:
    """Neither new jobs nor a probe that is due; the resume lets a closed gate be probed at once."""
    await works.start()
    await works.gate.pause()
    job = await works.imagine()
    await works.gate.refused(99, EMPTY)
    works.clock.shift(3_600)
    works.admission.wake()
    await works.settle()
    assert works.provider.posts == []
    assert (await works.store.gate()).why == "paused"
    before = await works.gate.resume()
    assert (before.closed, before.shut) == (True, True)
    await works.becomes(job, JobState.FETCHED)
    assert not (await works.store.gate()).shut


async def test_a_probe_that_a_pause_caught_leaves_the_gate_probed_later(works: Works) -> None:
    """It was called up and not yet sent: it goes back to its place, and after the resume another one is tried."""
    await works.store.close_gate("balance", probe_at=START, backoff_s=60)
    await works.gate.start()
    works.gate.admitted(1)
    assert works.gate.lets_through(1)
    await works.gate.pause()
    assert not works.gate.lets_through(1)
    await works.gate.undecided(1)
    assert works.gate.allowance(20) == 0
    await works.gate.resume()
    assert works.gate.allowance(20) == 1


async def test_another_reason_is_told_once_while_the_gate_stays_closed(works: Works) -> None:
    """The balance was empty and then the key is refused: the owner has to know, but not at each further try."""
    refused = InvalidKeyError("401", http_status=401)
    works.provider.submits += [EMPTY, EMPTY, refused, EMPTY, refused]
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    await works.until(lambda: len(works.alerts.told) == 3)
    empty, key, opened = works.alerts.told
    assert "empty balance" in empty
    assert "APIMASTER_API_KEY" in key
    assert "accepts work again" in opened


async def test_database_trouble_does_not_keep_an_owner_from_being_told(works: Works) -> None:
    """Counting what waits is tried until it works; what was told is noted likewise."""
    works.provider.submits.append(EMPTY)
    works.store.trouble["waiting"] = 2
    works.store.trouble["note_told"] = 2
    await works.start()
    await works.becomes(await works.imagine(), JobState.FETCHED)
    await works.until(lambda: len(works.alerts.told) == 2)
    assert not works.store.trouble["note_told"]
