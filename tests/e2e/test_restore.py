"""A backup of a busy bot, restored long after: nothing is ordered twice, and no picture that arrived is taken away."""

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
from tests.e2e.harness import House


@pytest.mark.timeout(150)
async def test_a_restored_bot_orders_nothing_that_it_may_have_ordered(house: House) -> None:
    """What was running or lies on disk comes once more; of what waited nobody knows, so its member is asked."""
    house.knobs.latency_s = 2
    prompts = ("on its way", "beside it", "kept on disk", "in line")
    for prompt in prompts:
        await house.imagine(prompt)
    await house.until(lambda: house.states() == ["running", "running", "queued", "queued"])
    await asyncio.to_thread(back_up, house.data_dir / "bot.db", house.data_dir / "kept.db", force=False)
    house.knobs.latency_s = 0.2
    shown = [await house.picture(prompt) for prompt in prompts]
    await house.bot.kill()
    await asyncio.to_thread(lose_the_picture, house, 4)
    await asyncio.to_thread(restore, house)
    await house.start()

    asked = await house.shows("in line", "restored from a backup")
    await house.until(lambda: house.states() == ["delivered", "delivered", "delivered", "uncertain"])
    assert len(house.apimaster.posts) == 4
    showing = {message.id: message.text() for message in house.driver.messages("alice") if message.media()}
    assert {message.id for message in shown} < set(showing)
    assert [sum(prompt in text for text in showing.values()) for prompt in prompts] == [2, 2, 2, 1]
    assert house.ledger(4) == [("reserve", 1_000_000), ("uncertain", 1_000_000)]

    await house.driver.click("alice", asked.id, asked.button("Try again").custom_id)
    await house.until(lambda: house.states() == ["delivered", "delivered", "delivered", "uncertain", "delivered"])
    assert len(house.apimaster.posts) == 5
    assert await faults(house) == []


def lose_the_picture(house: House, job_id: int) -> None:
    """Have the files of a job gone."""
    for path in (house.data_dir / "spool").glob(f"{job_id}.*"):
        path.unlink()


def restore(house: House) -> None:
    """Put the backup back, as the command does."""
    now = datetime.now(UTC)
    database = house.data_dir / "bot.db"
    with exclusive(house.data_dir), prepared(house.data_dir / "kept.db", database) as restoration:
        put_in_place(restoration, stamp="now", not_run_since=False, now_ms=to_ms(now))


async def faults(house: House) -> list[Finding]:
    """What `doctor` finds beside the running bot that is not as it should be."""
    here = [*host.data_directory(house.data_dir, min_free_mb=0), *store.database(house.data_dir / "bot.db")]
    discord = DiscordSide(house.discord.api_url, house.world.token, SystemClock())
    found = [*here, *[finding async for finding in discord.findings()]]
    return [finding for finding in found if finding.level is not Level.OK and finding.name not in {"modes", "restore"}]
