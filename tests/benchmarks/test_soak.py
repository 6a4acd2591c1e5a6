"""What the soak finds to have grown."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.soak import Sample, grown

RESTED = Sample(rss_mb=130.0, files=12.0, sockets=30.0, tasks=11.0, threads=14.0)


def test_chance_is_no_growth() -> None:
    """A little memory, a connection that is still kept, a task that was just about to end."""
    later = replace(RESTED, rss_mb=134.0, files=13.0, sockets=60.0, tasks=13.0)
    assert grown(RESTED, later) == {}


def test_what_each_picture_leaves_behind_is_found() -> None:
    """Half an hour's pictures with a file, a task or twenty kilobytes each are more than chance."""
    later = replace(RESTED, rss_mb=148.0, files=900.0, tasks=400.0)
    assert grown(RESTED, later) == {"rss_mb": (130.0, 148.0), "files": (12.0, 900.0), "tasks": (11.0, 400.0)}
