"""The Prometheus page: totals from the database, the gate, and in-process counters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.domain.credits import MICRO
from bot.domain.job import Gate
from bot.ops.counters import Counters
from bot.ports.metrics import Figures, FigureStore

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_WAITS_S: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600, 1_200, 3_600, 21_600, 86_400)
_GATE_REASONS: Final = ("balance", "invalid_key", "paused", "disk")


class Metrics:
    """Renders all metrics in a thread, without blocking the event loop or the store's threads."""

    def __init__(
        self,
        *,
        counters: Counters,
        store: FigureStore,
        gate: Callable[[], Gate],
        balance: Callable[[], float | None],
    ) -> None:
        self._registry = counters.registry
        self._registry.register(_Rows(store, gate, balance))
        self._tasks = Gauge("imagine_tasks", "Tasks of the event loop: each job under way is one.", registry=None)
        self._registry.register(self._tasks)
        self._one_at_a_time = asyncio.Lock()

    async def page(self) -> bytes:
        """The Prometheus page; raises StoreError."""
        async with self._one_at_a_time:
            self._tasks.set(len(asyncio.all_tasks()))
            return await asyncio.to_thread(generate_latest, self._registry)


class _Rows(Collector):
    """Metrics that survive a restart because they are computed from rows."""

    def __init__(self, store: FigureStore, gate: Callable[[], Gate], balance: Callable[[], float | None]) -> None:
        self._store = store
        self._gate = gate
        self._balance = balance

    def describe(self) -> Iterator[Metric]:
        """Nothing: otherwise the registry would read the whole database to learn the metrics' names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read the figures and yield them as metrics."""
        figures = self._store.figures()
        yield from _jobs(figures)
        yield _waits(figures.waits)
        yield from _gate(self._gate())
        if (balance := self._balance()) is not None:
            yield GaugeMetricFamily("imagine_provider_balance", "The last reading, in the provider's unit.", balance)


def _jobs(figures: Figures) -> Iterator[Metric]:
    unsettled = GaugeMetricFamily("imagine_jobs", "Jobs that are not settled, by state.", labels=["state"])
    for state, count in figures.unsettled.items():
        unsettled.add_metric([state.value], count)
    yield unsettled
    ended = CounterMetricFamily("imagine_jobs_ended", "Jobs that ended, by how.", labels=["how"])
    for how in ("delivered", "failed", "cancelled"):
        ended.add_metric([how], getattr(figures, how))
    yield ended
    yield CounterMetricFamily("imagine_jobs_requested", "Jobs that were accepted.", figures.requested)
    yield CounterMetricFamily("imagine_jobs_uncertain", "Orders whose outcome was not known.", figures.uncertain)
    failures = CounterMetricFamily("imagine_failures", "Jobs that failed, by error code.", labels=["code"])
    for code, count in figures.failures.items():
        failures.add_metric([code], count)
    yield failures
    empty = "Answers that the balance is empty."
    yield CounterMetricFamily("imagine_balance_errors", empty, figures.balance_errors)
    # Refunds decrease it, so it is a gauge.
    spent = figures.spent_microcredits / MICRO
    yield GaugeMetricFamily("imagine_credits_spent", "Credits charged, less those given back.", spent)


def _waits(waits: Mapping[int, int]) -> Metric:
    """The histogram of waits from command to picture."""
    buckets = [(f"{most_s:.1f}", sum(n for wait_s, n in waits.items() if wait_s <= most_s)) for most_s in _WAITS_S]
    buckets.append(("+Inf", sum(waits.values())))
    waited_s = sum(wait_s * pictures for wait_s, pictures in waits.items())
    return HistogramMetricFamily(
        "imagine_wait_seconds", "From a command to its picture, rounded.", buckets=buckets, sum_value=waited_s
    )


def _gate(gate: Gate) -> Iterator[Metric]:
    yield GaugeMetricFamily("imagine_gate_open", "Whether pictures are ordered.", float(not gate.shut))
    shut = GaugeMetricFamily("imagine_gate_shut", "Why pictures are not ordered.", labels=["reason"])
    for reason in _GATE_REASONS:
        shut.add_metric([reason], float(gate.why == reason))
    if gate.shut and gate.why not in _GATE_REASONS:
        shut.add_metric([gate.why], 1.0)
    yield shut
