"""`/healthz` and `/metrics` of a running bot."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.harness import Harness


def free_port() -> int:
    """A port that was unused a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def once(session: aiohttp.ClientSession, url: str, status: int) -> Any:
    """The answer once it has this status: connecting to the gateway takes discord.py some seconds."""
    async with asyncio.timeout(20):
        while True:
            async with session.get(url) as answer:
                if answer.status == status:
                    return await answer.json()
            await asyncio.sleep(0.05)


async def test_monitors_see_what_is_running_and_what_blocks_it(tmp_path: Path) -> None:
    """Ready with its numbers; with an empty balance degraded, and why."""
    port = free_port()
    async with Harness(tmp_path / "data", HTTP_PORT=str(port)) as harness, aiohttp.ClientSession() as session:
        await harness.start()
        site = f"http://127.0.0.1:{port}"
        assert await once(session, f"{site}/healthz", 200) == {"status": "ready", "reasons": {}}
        await harness.imagine("something to count")
        await harness.until(lambda: harness.states() == ["delivered"])
        async with session.get(f"{site}/metrics") as answer:
            page = await answer.text()
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert 'imagine_jobs_ended_total{how="delivered"} 1.0' in page
        assert 'imagine_provider_seconds_count{resolution="1K"} 1.0' in page
        assert "imagine_credits_spent 1.0" in page
        assert [secret for secret in (harness.world.token, harness.apimaster.api_key) if secret in page] == []
        harness.apimaster.set_balance(0)
        await harness.imagine("nothing left")
        await harness.shows("nothing left", "balance is empty")
        health = await once(session, f"{site}/healthz", 503)
        assert (health["status"], list(health["reasons"])) == ("degraded", ["gate"])
        assert health["reasons"]["gate"].startswith("nothing is ordered: balance since 2")
        async with session.get(f"{site}/metrics") as answer:
            assert 'imagine_gate_shut{reason="balance"} 1.0' in await answer.text()
