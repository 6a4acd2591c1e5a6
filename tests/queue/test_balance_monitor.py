"""Readings of the provider's balance: a warning in time, and an earlier try after a top-up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.domain.errors import BalanceError, UnavailableError
from bot.queue.balance_monitor import BalanceMonitor
from tests.support.clock import START, FakeClock
from tests.support.pipeline_harness import PipelineHarness

EMPTY = BalanceError("insufficient balance", http_status=402)


@pytest.fixture
def clock() -> FakeClock:
    """Time stands still until a test moves it."""
    return FakeClock(automatic=False)


def watch(
    pipeline_harness: PipelineHarness, *readings: float | UnavailableError | None, low: float = 0
) -> BalanceMonitor:
    """One that gets these readings, and then no more."""
    script: Iterator[float | UnavailableError | None] = iter(readings)

    async def read() -> float | None:
        found = next(script)
        if isinstance(found, UnavailableError):
            raise found
        return found

    return BalanceMonitor(
        gate=pipeline_harness.gate,
        read=read,
        alerts=pipeline_harness.alerts,
        facts=pipeline_harness.store,
        clock=pipeline_harness.clock,
        every_s=60,
        low=low,
    )


async def test_a_low_balance_is_told_once_until_it_was_above(pipeline_harness: PipelineHarness) -> None:
    """However often it is read, and over a restart."""
    first = watch(pipeline_harness, 20, 9.5, 8, low=10)
    for _ in range(3):
        await first.look()
    assert len(pipeline_harness.alerts.told) == 1
    assert "down to **9.50**, below the 10.00" in pipeline_harness.alerts.told[0]
    after_a_restart = watch(pipeline_harness, 7, 10, 9, 8, low=10)
    await after_a_restart.look()
    assert len(pipeline_harness.alerts.told) == 1
    for _ in range(3):
        await after_a_restart.look()
    assert len(pipeline_harness.alerts.told) == 2


async def test_no_limit_means_no_warning(pipeline_harness: PipelineHarness) -> None:
    """A balance of nothing is the gate's business."""
    await watch(pipeline_harness, 0).look()
    assert pipeline_harness.alerts.told == []


async def test_a_top_up_is_tried_at_once(pipeline_harness: PipelineHarness) -> None:
    """Closed for long, the next try is minutes away; a reading that rose has it made now, with the usual back-off."""
    await pipeline_harness.gate.start()
    await pipeline_harness.gate.refused(1, EMPTY)
    readings = watch(pipeline_harness, 0.2, 0.2, 25)
    await readings.look()
    await readings.look()
    assert pipeline_harness.gate.allowance(20) == 0
    await readings.look()
    assert pipeline_harness.gate.allowance(20) == 1
    assert (pipeline_harness.gate.state.probe_at, pipeline_harness.gate.state.backoff_s) == (START, 60)


async def test_a_refused_key_is_not_tried_for_a_reading(pipeline_harness: PipelineHarness) -> None:
    """More money does not make a key good."""
    await pipeline_harness.store.close_gate("invalid_key", probe_at=START, backoff_s=60)
    await pipeline_harness.gate.start()
    pipeline_harness.gate.admitted(1)
    await pipeline_harness.gate.undecided(1)
    readings = watch(pipeline_harness, 1, 25)
    await readings.look()
    await readings.look()
    assert pipeline_harness.gate.allowance(20) == 0


async def test_trouble_and_silence_are_normal(pipeline_harness: PipelineHarness) -> None:
    """A provider without balance is asked again an hour later, one in trouble after the usual minute."""
    readings = watch(pipeline_harness, None, UnavailableError("503"), 3)
    assert await readings.look() is False
    assert readings.balance is None
    with pytest.raises(UnavailableError):
        await readings.look()
    assert await readings.look() is True
    assert readings.balance == 3
