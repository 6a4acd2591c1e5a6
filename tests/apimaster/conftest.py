"""The provider stand-in and a client of it, with time-outs short enough for tests."""

from collections.abc import AsyncIterator

import pytest

from bot.apimaster.client import ApimasterClient
from bot.domain.picture import PictureSpec, Resolution
from sandbox.apimaster import ApimasterServer, Knobs
from tests.apimaster.support import MODEL, quick_timeouts


@pytest.fixture
async def provider() -> AsyncIterator[ApimasterServer]:
    """A stand-in that finishes every task at once."""
    async with ApimasterServer(knobs=Knobs(latency_s=0)) as server:
        yield server


@pytest.fixture
async def client(provider: ApimasterServer) -> AsyncIterator[ApimasterClient]:
    """A client of the stand-in with its key."""
    async with ApimasterClient(provider.base_url, provider.api_key, MODEL, timeouts=quick_timeouts()) as opened:
        yield opened


@pytest.fixture
def spec() -> PictureSpec:
    """A small picture."""
    return PictureSpec(prompt="a lighthouse in the fog", size="3:2", resolution=Resolution.HALF_K)
