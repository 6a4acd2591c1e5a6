"""The provider stand-in and a plain HTTP client of it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.apimaster import ApimasterServer, Knobs


@pytest.fixture
async def server() -> AsyncIterator[ApimasterServer]:
    """A stand-in that finishes every task at once."""
    async with ApimasterServer(knobs=Knobs(latency_s=0)) as opened:
        yield opened


@pytest.fixture
async def http(server: ApimasterServer) -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP client with the right key."""
    headers = {"Authorization": f"Bearer {server.api_key}"}
    async with aiohttp.ClientSession(server.base_url, headers=headers) as session:
        yield session
