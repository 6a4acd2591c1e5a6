"""An empty balance closes the gate: submission pauses, every job keeps its position, and probes reopen it."""

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
from tests.support.pipeline_harness import PipelineHarness

EMPTY = BalanceError("insufficient balance", http_status=402, request_id="req-1")


def gaps(moments: list[float]) -> list[float]:
    """The seconds between times, rounded."""
    return [round(after - before) for before, after in pairwise(moments)]


async def test_empty_balance_pauses_and_resumes_automatically(pipeline_harness: PipelineHarness) -> None:
    """A 402 costs the job only time: it is requeued, submitted again by the probe, delivered."""
    pipeline_harness.provider.submits.append(EMPTY)
    await pipeline_harness.start()
    job = await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert gaps(pipeline_harness.provider.posted_at) == [60]
    assert (job.cost, job.error_code) == (Cost.CHARGED, "")
    assert not (await pipeline_harness.store.gate()).closed


async def test_concurrent_402s_close_the_gate_once(pipeline_harness: PipelineHarness) -> None:
    """Three POSTs in flight when the balance ends: one closing, one notification, one wait, three recorded errors."""
    pipeline_harness.provider.submits += [EMPTY] * 3
    pipeline_harness.provider.answering.clear()
    await pipeline_harness.start()
    jobs = [await pipeline_harness.imagine(user_id=user_id) for user_id in (1, BOB, CAROL)]
    await pipeline_harness.posted(3)
    pipeline_harness.provider.answering.set()
    for job in jobs:
        await pipeline_harness.becomes(job, JobState.FETCHED)
    assert gaps(pipeline_harness.provider.posted_at[:4]) == [0, 0, 60]
    assert sum(row.balance_errors for row in await pipeline_harness.store.usage(None)) == 3
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 2)


async def test_owner_is_notified_once_when_it_closes_and_once_when_it_opens(pipeline_harness: PipelineHarness) -> None:
    """Failed probes in between notify no one."""
    pipeline_harness.provider.submits += [EMPTY] * 4
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 2)
    closed, opened = pipeline_harness.alerts.told
    assert "empty balance" in closed
    assert "after 60 seconds" in closed
    assert "sufficient again" in opened


async def test_first_waiting_job_is_the_probe(pipeline_harness: PipelineHarness) -> None:
    """The first in the queue probes; the others are not submitted until it succeeded."""
    await pipeline_harness.store.close_gate("balance", probe_at=START, backoff_s=60)
    await pipeline_harness.imagine(prompt="first")
    await pipeline_harness.imagine(prompt="second", user_id=BOB)
    pipeline_harness.provider.answering.clear()
    await pipeline_harness.start()
    await pipeline_harness.until(lambda: bool(pipeline_harness.provider.posts))
    pipeline_harness.wakeup.wake()
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == ["first"]
    pipeline_harness.provider.answering.set()
    await pipeline_harness.posted(2)


async def test_waiting_cards_are_refreshed_when_the_gate_closes(pipeline_harness: PipelineHarness) -> None:
    """Every waiting message has to say that the balance is empty."""
    pipeline_harness.provider.submits += [EMPTY] * 2
    waiting = [await pipeline_harness.imagine(user_id=user_id) for user_id in (BOB, CAROL)]
    await pipeline_harness.start()
    for job in waiting:
        await pipeline_harness.shown(job)


async def test_restart_probes_at_once(pipeline_harness: PipelineHarness) -> None:
    """The owner topped up and restarted the bot: the old back-off does not apply."""
    await pipeline_harness.store.close_gate("balance", probe_at=START + timedelta(seconds=900), backoff_s=900)
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert pipeline_harness.provider.posted_at == [0]


async def test_restart_with_an_empty_balance_restarts_the_back_off(pipeline_harness: PipelineHarness) -> None:
    """It is still empty: the closing time is kept, with one quick probe and then doubled waits."""
    await pipeline_harness.store.close_gate("balance", probe_at=START + timedelta(seconds=900), backoff_s=900)
    await pipeline_harness.store.note_told()
    pipeline_harness.clock.shift(100)
    pipeline_harness.provider.submits += [EMPTY] * 2
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert gaps(pipeline_harness.provider.posted_at) == [120, 240]
    assert len([text for text in pipeline_harness.alerts.told if "paused" in text]) == 0


async def test_refused_key_closes_the_gate_too(pipeline_harness: PipelineHarness) -> None:
    """Only the owner can fix a wrong key: jobs wait, and the notification names which setting it is."""
    pipeline_harness.provider.submits.append(InvalidKeyError("401", http_status=401))
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 2)
    assert "APIMASTER_API_KEY" in pipeline_harness.alerts.told[0]
    assert sum(row.balance_errors for row in await pipeline_harness.store.usage(None)) == 0


async def test_inconclusive_probe_is_followed_by_another(pipeline_harness: PipelineHarness) -> None:
    """A probe that ends in a slow-down, in no capacity or in a bad request leaves the gate closed, not stuck."""
    await pipeline_harness.store.close_gate("balance", probe_at=START, backoff_s=60)
    pipeline_harness.provider.submits += [RateLimitedError("429"), UnavailableError("503"), BadRequestError("400")]
    await pipeline_harness.start()
    first = await pipeline_harness.imagine()
    second = await pipeline_harness.imagine(user_id=BOB)
    await pipeline_harness.becomes(first, JobState.FAILED)
    await pipeline_harness.becomes(second, JobState.FETCHED)
    assert all(60 <= gap < 70 for gap in gaps(pipeline_harness.provider.posted_at))
    assert len(pipeline_harness.provider.posts) == 4


async def test_cancelled_probe_is_followed_by_another(pipeline_harness: PipelineHarness) -> None:
    """The member cancelled the probing job before its POST: the next one probes after the same wait."""
    await pipeline_harness.store.close_gate("balance", probe_at=START, backoff_s=60)
    await pipeline_harness.gate.start()
    pipeline_harness.gate.admitted(1)
    assert pipeline_harness.gate.allowance(20) == 0
    await pipeline_harness.gate.undecided(1)
    assert pipeline_harness.gate.allowance(20) == 0
    pipeline_harness.clock.shift(60)
    assert pipeline_harness.gate.allowance(20) == 1


async def test_job_called_up_while_the_gate_closed_is_no_probe(pipeline_harness: PipelineHarness) -> None:
    """The gate closed while a batch was called up: none of it is submitted before a probe is due."""
    await pipeline_harness.gate.start()
    await pipeline_harness.gate.refused(1, EMPTY)
    for job_id in (2, 3):
        pipeline_harness.gate.admitted(job_id)
        assert not pipeline_harness.gate.lets_through(job_id)
    pipeline_harness.clock.shift(60)
    assert pipeline_harness.gate.allowance(20) == 1
    pipeline_harness.gate.admitted(2)
    assert pipeline_harness.gate.lets_through(2)
    assert not pipeline_harness.gate.lets_through(3)


async def test_answers_of_earlier_posts_do_not_change_the_gate(pipeline_harness: PipelineHarness) -> None:
    """A POST in flight when the gate closed neither opens it nor doubles the wait."""
    await pipeline_harness.gate.start()
    await pipeline_harness.gate.refused(1, EMPTY)
    await pipeline_harness.gate.passed(2)
    await pipeline_harness.gate.refused(3, EMPTY)
    gate = await pipeline_harness.store.gate()
    assert gate.closed
    assert gate.backoff_s == 60
    assert gate.probe_at == START + timedelta(seconds=60)


async def test_database_errors_while_the_gate_changes_affect_no_job(pipeline_harness: PipelineHarness) -> None:
    """Neither closing nor opening may fail a job, and in the end the stored gate matches the one in memory."""
    pipeline_harness.provider.submits += [EMPTY] * 2
    pipeline_harness.store.trouble["close_gate"] = 3
    pipeline_harness.store.trouble["open_gate"] = 3
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    assert not pipeline_harness.store.trouble["close_gate"]
    assert not pipeline_harness.store.trouble["open_gate"]
    assert not (await pipeline_harness.store.gate()).closed
    assert len(pipeline_harness.provider.posts) == 3


async def test_owner_not_notified_before_a_crash_is_notified_at_the_start(pipeline_harness: PipelineHarness) -> None:
    """The process ended between closing the gate and the notification; sent once, not at a further restart."""
    await pipeline_harness.store.close_gate("balance", probe_at=START, backoff_s=60)
    await pipeline_harness.gate.start()
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 1)
    assert pipeline_harness.alerts.told[0].endswith("[Resume now]")
    await pipeline_harness.until(lambda: pipeline_harness.alerts.lines == [pipeline_harness.alerts.lines[0]])
    await pipeline_harness.announcements.drain(5)
    await pipeline_harness.gate.start()
    await pipeline_harness.announcements.drain(5)
    assert len(pipeline_harness.alerts.told) == 1


async def test_alternating_balance_is_reported_each_time_in_order(pipeline_harness: PipelineHarness) -> None:
    """402, then 200, then 402 …: each closing and each opening once, and every picture arrives."""
    for _ in range(4):
        pipeline_harness.provider.submits += [EMPTY, Submission(task_id="task-ok")]
    await pipeline_harness.start()
    for number in range(4):
        await pipeline_harness.becomes(await pipeline_harness.imagine(user_id=100 + number), JobState.FETCHED)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 8)
    assert ["empty balance" in told for told in pipeline_harness.alerts.told] == [True, False] * 4
    assert [line[0] for line in pipeline_harness.alerts.lines] == ["⏸", "▶"] * 4
    assert len(pipeline_harness.provider.posts) == 8


async def test_pause_submits_nothing_until_it_is_resumed(pipeline_harness: PipelineHarness) -> None:
    """Neither new jobs nor a probe that is due; the resume lets a closed gate be probed at once."""
    await pipeline_harness.start()
    await pipeline_harness.gate.pause()
    job = await pipeline_harness.imagine()
    await pipeline_harness.gate.refused(99, EMPTY)
    pipeline_harness.clock.shift(3_600)
    pipeline_harness.wakeup.wake()
    await pipeline_harness.settle()
    assert pipeline_harness.provider.posts == []
    assert (await pipeline_harness.store.gate()).why == "paused"
    before = await pipeline_harness.gate.resume()
    assert (before.closed, before.shut) == (True, True)
    await pipeline_harness.becomes(job, JobState.FETCHED)
    assert not (await pipeline_harness.store.gate()).shut


async def test_probe_interrupted_by_a_pause_is_repeated_after_it(pipeline_harness: PipelineHarness) -> None:
    """It was called up but not sent: it is requeued, and after the resume another one is tried."""
    await pipeline_harness.store.close_gate("balance", probe_at=START, backoff_s=60)
    await pipeline_harness.gate.start()
    pipeline_harness.gate.admitted(1)
    assert pipeline_harness.gate.lets_through(1)
    await pipeline_harness.gate.pause()
    assert not pipeline_harness.gate.lets_through(1)
    await pipeline_harness.gate.undecided(1)
    assert pipeline_harness.gate.allowance(20) == 0
    await pipeline_harness.gate.resume()
    assert pipeline_harness.gate.allowance(20) == 1


async def test_another_reason_is_reported_once_while_the_gate_stays_closed(pipeline_harness: PipelineHarness) -> None:
    """The balance was empty and then the key is refused: the owner is notified, but not at each further probe."""
    refused = InvalidKeyError("401", http_status=401)
    pipeline_harness.provider.submits += [EMPTY, EMPTY, refused, EMPTY, refused]
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 3)
    empty, key, opened = pipeline_harness.alerts.told
    assert "empty balance" in empty
    assert "APIMASTER_API_KEY" in key
    assert "accepts work again" in opened


async def test_database_errors_do_not_keep_an_owner_from_being_notified(pipeline_harness: PipelineHarness) -> None:
    """Counting the waiting jobs is retried until it works; so is recording the notification."""
    pipeline_harness.provider.submits.append(EMPTY)
    pipeline_harness.store.trouble["waiting"] = 2
    pipeline_harness.store.trouble["note_told"] = 2
    await pipeline_harness.start()
    await pipeline_harness.becomes(await pipeline_harness.imagine(), JobState.FETCHED)
    await pipeline_harness.until(lambda: len(pipeline_harness.alerts.told) == 2)
    assert not pipeline_harness.store.trouble["note_told"]
