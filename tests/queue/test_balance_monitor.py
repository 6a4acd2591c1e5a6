"""Monitoring the provider's balance: an early warning, and an earlier probe after a top-up."""

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
    """A clock that stops until a test advances it."""
    return FakeClock(automatic=False)


def watch(
    pipeline_harness: PipelineHarness, *readings: float | UnavailableError | None, low: float = 0
) -> BalanceMonitor:
    """A monitor that gets these readings, and then no more."""
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


async def test_low_balance_is_reported_once_until_it_was_above_the_limit(pipeline_harness: PipelineHarness) -> None:
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
    """An empty balance is handled by the gate."""
    await watch(pipeline_harness, 0).look()
    assert pipeline_harness.alerts.told == []


async def test_top_up_triggers_a_probe_at_once(pipeline_harness: PipelineHarness) -> None:
    """After a long closure the next probe is minutes away; a higher reading triggers it now, with the same back-off."""
    await pipeline_harness.gate.start()
    await pipeline_harness.gate.refused(1, EMPTY)
    readings = watch(pipeline_harness, 0.2, 0.2, 25)
    await readings.look()
    await readings.look()
    assert pipeline_harness.gate.allowance(20) == 0
    await readings.look()
    assert pipeline_harness.gate.allowance(20) == 1
    assert (pipeline_harness.gate.state.probe_at, pipeline_harness.gate.state.backoff_s) == (START, 60)


async def test_refused_key_is_not_probed_because_of_a_reading(pipeline_harness: PipelineHarness) -> None:
    """A higher balance does not make a key valid."""
    await pipeline_harness.store.close_gate("invalid_key", probe_at=START, backoff_s=60)
    await pipeline_harness.gate.start()
    pipeline_harness.gate.admitted(1)
    await pipeline_harness.gate.undecided(1)
    readings = watch(pipeline_harness, 1, 25)
    await readings.look()
    await readings.look()
    assert pipeline_harness.gate.allowance(20) == 0


async def test_errors_and_missing_balance_are_normal(pipeline_harness: PipelineHarness) -> None:
    """A provider without a balance is asked again an hour later, a failing one after the usual minute."""
    readings = watch(pipeline_harness, None, UnavailableError("503"), 3)
    assert await readings.look() is False
    assert readings.balance is None
    with pytest.raises(UnavailableError):
        await readings.look()
    assert await readings.look() is True
    assert readings.balance == 3
