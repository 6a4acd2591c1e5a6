"""A backup of a busy bot, restored much later: nothing is ordered twice, and no delivered picture is removed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.clock import SystemClock
from bot.commands.checks import host, store
from bot.commands.checks.discord_checks import DiscordSide
from bot.commands.checks.findings import Finding, Level
from bot.ops.instance_lock import exclusive
from bot.store.backup.backup import back_up
from bot.store.backup.restore import prepared, put_in_place
from bot.store.rows import to_ms
from tests.e2e.harness import Harness


@pytest.mark.timeout(150)
async def test_restored_bot_orders_nothing_that_may_have_been_ordered(harness: Harness) -> None:
    """Running jobs and pictures on disk are delivered again; waiting jobs are uncertain: the member is asked."""
    harness.knobs.latency_s = 2
    prompts = ("on its way", "beside it", "kept on disk", "in line")
    for prompt in prompts:
        await harness.imagine(prompt)
    await harness.until(lambda: harness.states() == ["running", "running", "queued", "queued"])
    await asyncio.to_thread(back_up, harness.data_dir / "bot.db", harness.data_dir / "kept.db", force=False)
    harness.knobs.latency_s = 0.2
    shown = [await harness.picture(prompt) for prompt in prompts]
    await harness.bot.kill()
    await asyncio.to_thread(lose_the_picture, harness, 4)
    await asyncio.to_thread(restore, harness)
    await harness.start()

    asked = await harness.shows("in line", "restored from a backup")
    await harness.until(lambda: harness.states() == ["delivered", "delivered", "delivered", "uncertain"])
    assert len(harness.apimaster.posts) == 4
    showing = {message.id: message.text() for message in harness.driver.messages("alice") if message.media()}
    assert {message.id for message in shown} < set(showing)
    assert [sum(prompt in text for text in showing.values()) for prompt in prompts] == [2, 2, 2, 1]
    assert harness.ledger(4) == [("reserve", 1_000_000), ("uncertain", 1_000_000)]

    await harness.driver.click("alice", asked.id, asked.button("Try again").custom_id)
    await harness.until(lambda: harness.states() == ["delivered", "delivered", "delivered", "uncertain", "delivered"])
    assert len(harness.apimaster.posts) == 5
    assert await faults(harness) == []


def lose_the_picture(harness: Harness, job_id: int) -> None:
    """Delete the files of a job."""
    for path in (harness.data_dir / "spool").glob(f"{job_id}.*"):
        path.unlink()


def restore(harness: Harness) -> None:
    """Restore the backup with the command's own code."""
    now = datetime.now(UTC)
    database = harness.data_dir / "bot.db"
    with exclusive(harness.data_dir), prepared(harness.data_dir / "kept.db", database) as restoration:
        put_in_place(restoration, stamp="now", not_run_since=False, now_ms=to_ms(now))


async def faults(harness: Harness) -> list[Finding]:
    """The faults that `doctor` finds beside the running bot."""
    here = [*host.data_directory(harness.data_dir, min_free_mb=0), *store.database(harness.data_dir / "bot.db")]
    discord = DiscordSide(harness.discord.api_url, harness.world.token, SystemClock())
    found = [*here, *[finding async for finding in discord.findings()]]
    return [finding for finding in found if finding.level is not Level.OK and finding.name not in {"modes", "restore"}]
