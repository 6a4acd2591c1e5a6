"""Growth detection of the soak test."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.soak import Sample, grown

RESTED = Sample(rss_mb=130.0, files=12.0, sockets=30.0, tasks=11.0, threads=14.0)


def test_random_variation_is_not_growth() -> None:
    """A little memory, a connection that is still kept alive, a task about to end."""
    later = replace(RESTED, rss_mb=134.0, files=13.0, sockets=60.0, tasks=13.0)
    assert grown(RESTED, later) == {}


def test_leak_per_picture_is_detected() -> None:
    """Half an hour's pictures with a file, a task or twenty kilobytes each exceed random variation."""
    later = replace(RESTED, rss_mb=148.0, files=900.0, tasks=400.0)
    assert grown(RESTED, later) == {"rss_mb": (130.0, 148.0), "files": (12.0, 900.0), "tasks": (11.0, 400.0)}
