"""Monitoring: metrics for Prometheus, and the health of the bot."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.apimaster.metered import MeteredProvider
from bot.domain.errors import RateLimitedError, StartupError, StoreError
from bot.domain.job import Gate, JobState
from bot.domain.picture import PictureSpec, Resolution
from bot.ops.counters import Counters
from bot.ops.health import Health
from bot.ops.http_server import HttpServer
from bot.ops.metrics import Metrics
from bot.ports.metrics import Figures
from tests.support.clock import START, FakeClock
from tests.support.provider import RUNNING, ScriptedProvider

FIGURES = Figures(
    unsettled={JobState.QUEUED: 3, JobState.RUNNING: 2},
    requested=20,
    delivered=9,
    failed=4,
    cancelled=1,
    uncertain=1,
    balance_errors=7,
    spent_microcredits=12_330_000,
    failures={"content_refused": 3, "bad_request": 1},
    waits={4: 2, 40: 5, 90_000: 1},
)
CLOSED = Gate(closed=True, reason="balance", since=START)


class Rows:
    """A FigureStore with scripted values."""

    def __init__(self, says: Figures | StoreError = FIGURES) -> None:
        self._says = says

    def figures(self) -> Figures:
        """Return the same values each time."""
        if isinstance(self._says, StoreError):
            raise self._says
        return self._says


async def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    """The page as Prometheus parses it: by name and label values."""
    page = (await metrics.page()).decode()
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def metrics(counters: Counters | None = None, *, gate: Gate = CLOSED, balance: float | None = 2.5) -> Metrics:
    """A metrics page of these rows."""
    return Metrics(counters=counters or Counters(), store=Rows(), gate=lambda: gate, balance=lambda: balance)


async def test_rows_are_exported_as_metrics() -> None:
    """States, outcomes, credits, failures, waits as a histogram, the gate and the balance."""
    found = await samples(metrics())
    assert (found["imagine_jobs", "queued"], found["imagine_jobs", "running"]) == (3, 2)
    assert (found["imagine_jobs_ended_total", "delivered"], found["imagine_jobs_requested_total", ""]) == (9, 20)
    assert found["imagine_credits_spent", ""] == 12.33
    assert found["imagine_failures_total", "content_refused"] == 3
    assert found["imagine_balance_errors_total", ""] == 7
    waits = [found["imagine_wait_seconds_bucket", most] for most in ("5.0", "30.0", "45.0", "86400.0", "+Inf")]
    assert waits == [2, 2, 7, 7, 8]
    assert found["imagine_wait_seconds_sum", ""] == 2 * 4 + 5 * 40 + 90_000
    assert (found["imagine_gate_open", ""], found["imagine_gate_shut", "balance"]) == (0, 1)
    assert found["imagine_gate_shut", "paused"] == 0
    assert found["imagine_provider_balance", ""] == 2.5


async def test_unknown_values_are_omitted() -> None:
    """A provider without a balance has no such metric; an unexpected reason has its own label."""
    found = await samples(metrics(gate=Gate(closed=True, reason="forbidden"), balance=None))
    assert ("imagine_provider_balance", "") not in found
    assert found["imagine_gate_shut", "forbidden"] == 1
    assert (await samples(metrics(gate=Gate(closed=False))))["imagine_gate_open", ""] == 1


async def test_provider_latency_is_measured_by_resolution_and_errors_by_code() -> None:
    """From the accepted order to the finished picture; a failed call is counted and still raises."""
    clock, counters = FakeClock(), Counters()
    scripted = ScriptedProvider(clock)
    provider = MeteredProvider(scripted, counters, clock)
    task = (await provider.submit(PictureSpec(prompt="a bird", resolution=Resolution.TWO_K))).task_id
    assert task is not None
    scripted.polls.append(RUNNING)
    await provider.poll(task)
    clock.shift(42)
    await provider.poll(task)
    await provider.poll(task)
    scripted.submits.append(RateLimitedError("429"))
    with pytest.raises(RateLimitedError):
        await provider.submit(PictureSpec(prompt="a bird"))
    found = await samples(metrics(counters))
    assert (found["imagine_provider_seconds_count", "2K"], found["imagine_provider_seconds_sum", "2K"]) == (1, 42)
    assert found["imagine_provider_errors_total", "submit,rate_limited"] == 1


async def test_database_error_is_raised_as_such() -> None:
    """The page cannot be made, and the HTTP server gets the reason."""
    troubled = Metrics(counters=Counters(), store=Rows(StoreError("locked")), gate=lambda: CLOSED, balance=lambda: None)
    with pytest.raises(StoreError):
        await troubled.page()


def shards(*closed: bool) -> dict[int, Any]:
    """Shards, each connected or not."""
    return {number: SimpleNamespace(is_closed=lambda gone=gone: gone) for number, gone in enumerate(closed)}


def health(
    *,
    ready: bool = True,
    closed: tuple[bool, ...] = (False,),
    gate: Gate | None = None,
    ask: Callable[[], Awaitable[object]] | None = None,
    shortage: str = "",
) -> Health:
    """The health of a bot in this condition; the client reports what discord.py does."""
    client: Any = SimpleNamespace(is_ready=lambda: ready, shards=shards(*closed))

    async def fine() -> None:
        await asyncio.sleep(0)

    return Health(
        client=client, ask_database=ask or fine, gate=lambda: gate or Gate(closed=False), shortage=lambda: shortage
    )


async def test_healthy_bot_has_no_problems() -> None:
    """Connected, with a database that answers, an open gate and room on the disk."""
    assert await health().troubles() == {}


async def test_each_problem_is_named() -> None:
    """Several at once too."""

    async def broken() -> None:
        raise StoreError("disk full")

    found = await health(closed=(False, True), gate=CLOSED, ask=broken, shortage="5 MB are left").troubles()
    assert found["gateway"] == "not connected: shard 1"
    assert found["database"] == "disk full"
    assert found["gate"] == "nothing is ordered: balance since 2026-03-14T15:09:26Z"
    assert found["disk"] == "5 MB are left"
    assert await health(ready=False).troubles() == {"gateway": "not connected to Discord yet"}


async def test_hanging_database_is_reported_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A monitor waits no longer than its time-out."""
    monkeypatch.setattr("bot.ops.health._DATABASE_ANSWERS_BY_S", 0.02)
    never = asyncio.Event()
    found = await health(ask=never.wait).troubles()
    assert found == {"database": "no answer within 0.02 s"}


def post(port: int, *, rows: Rows | None = None) -> HttpServer:
    """The HTTP server of a healthy bot, optionally with a failing database."""
    page = Metrics(counters=Counters(), store=rows or Rows(), gate=lambda: Gate(closed=False), balance=lambda: None)
    return HttpServer(health=health(), metrics=page, host="127.0.0.1", port=port)


async def test_port_in_use_ends_the_start_in_one_sentence() -> None:
    """It names the setting and the fix."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StartupError, match=r"HTTP_PORT \d+ on 127\.0\.0\.1 cannot be used: .*Choose another one"):
            async with post(taken.getsockname()[1]):
                pass


async def test_failing_database_does_not_crash_the_page() -> None:
    """Prometheus sees a failed scrape, and the health is still reported."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with post(port, rows=Rows(StoreError("locked"))), aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert (answer.status, await answer.text()) == (503, "The database does not answer.")
        async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
