"""A backup of a busy bot, restored long after: nothing is ordered twice, and no picture that arrived is taken away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.lock import exclusive
from bot.store.sqlite.backup import back_up
from bot.store.sqlite.restoring import prepared, put_in_place
from bot.store.sqlite.rows import to_ms
from tests.e2e.house import House


async def test_a_restored_bot_orders_nothing_that_it_may_have_ordered(house: House) -> None:
    """Delivered after the backup, one that was running comes once more, and one that waited asks its member."""
    house.knobs.latency_s = 1.5
    for prompt in ("on its way", "beside it", "in line"):
        await house.imagine(prompt)
    await house.until(lambda: house.states() == ["running", "running", "queued"])
    await asyncio.to_thread(back_up, house.data_dir / "bot.db", house.data_dir / "kept.db", force=False)
    house.knobs.latency_s = 0.2
    shown = [await house.picture(prompt) for prompt in ("on its way", "beside it", "in line")]
    await house.imagine("after the backup")
    await house.picture("after the backup")
    await house.bot.kill()
    await asyncio.to_thread(restore, house)
    await house.start()

    asked = await house.shows("in line", "restored from a backup")
    await house.until(lambda: house.states() == ["delivered", "delivered", "uncertain"])
    assert len(house.apimaster.posts) == 4
    showing = {message.id: message.text() for message in house.driver.messages("alice") if message.media()}
    assert {message.id for message in shown} < set(showing)
    assert sum("on its way" in text for text in showing.values()) == 2
    assert house.ledger(3) == [("reserve", 1_000_000), ("uncertain", 1_000_000)]

    await house.driver.click("alice", asked.id, asked.button("Try again").custom_id)
    await house.until(lambda: house.states() == ["delivered", "delivered", "uncertain", "delivered"])
    assert len(house.apimaster.posts) == 5
    assert house.rows("SELECT MAX(id) FROM jobs") == [(5,)]


def restore(house: House) -> None:
    """Put the backup back, as the command does."""
    now = datetime.now(UTC)
    database = house.data_dir / "bot.db"
    with exclusive(house.data_dir), prepared(house.data_dir / "kept.db", database) as restoration:
        put_in_place(restoration, stamp="now", not_run_since=False, now_ms=to_ms(now))
