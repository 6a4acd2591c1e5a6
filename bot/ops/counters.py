"""In-process counters in Prometheus format; they reset at each start."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from bot.domain.picture import Resolution

_PICTURE_S: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_200, 3_600)


class Counters:
    """Uses its own registry, so that several instances can coexist."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._pictures = Histogram(
            "imagine_provider_seconds",
            "From an accepted order to the provider's word that the picture is done.",
            ["resolution"],
            buckets=_PICTURE_S,
            registry=self.registry,
        )
        self._errors = Counter(
            "imagine_provider_errors",
            "Calls of the provider that failed, those that were tried again included.",
            ["call", "code"],
            registry=self.registry,
        )
        self._skipped = Counter(
            "imagine_guild_errors",
            "Servers, members or jobs that a step of the background work could not handle and skipped.",
            ["step"],
            registry=self.registry,
        )

        self._malformed = Counter(
            "imagine_gateway_events_malformed",
            "Gateway events that could not be parsed or handled and were skipped, by name.",
            ["event"],
            registry=self.registry,
        )

    def malformed(self, event: str) -> None:
        """Count a gateway event that was skipped."""
        self._malformed.labels(event).inc()

    def took(self, resolution: Resolution, seconds: float) -> None:
        """Count a picture and its duration at the provider."""
        self._pictures.labels(resolution.value).observe(seconds)

    def failed(self, call: str, code: str) -> None:
        """Count a call that failed with this error code."""
        self._errors.labels(call, code).inc()

    def skipped(self, step: str) -> None:
        """Count a server's, member's or job's data that background work skipped because of an error."""
        self._skipped.labels(step).inc()
