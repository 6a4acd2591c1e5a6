"""The whole thing: the real bot process between the two stand-ins, driven as a member would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.harness import Harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """A running bot, connected; everything the bot sent to Discord was valid when the test ends."""
    async with Harness(tmp_path / "data") as running:
        await running.start()
        yield running
        assert running.discord.violations == []
