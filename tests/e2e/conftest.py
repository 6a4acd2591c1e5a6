"""The whole thing: the real bot process between the two stand-ins, driven as a member would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.harness import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A running bot, connected; everything the bot sent to Discord was valid when the test ends."""
    async with House(tmp_path / "data") as running:
        await running.start()
        yield running
        assert running.discord.violations == []
