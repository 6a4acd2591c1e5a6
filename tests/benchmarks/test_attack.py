"""A short version of the attack on the HTTP port."""

from __future__ import annotations

from benchmarks.attack.http_port import kept, slow_headers


async def test_slow_connections_do_not_affect_members() -> None:
    """Every command is acknowledged, every picture delivered, and few file descriptors are used."""
    result = await slow_headers(connections=200, orders=10, seconds=1)
    assert kept(result), str(result)
