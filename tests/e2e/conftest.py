"""Fixtures for end-to-end tests: the real bot process between the two stand-in servers, driven as a member."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.harness import Harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """A running, connected bot; at the end of the test, everything the bot sent to Discord must have been valid."""
    async with Harness(tmp_path / "data") as running:
        await running.start()
        yield running
        assert running.discord.violations == []
