"""A picture reaches its member whatever Discord, the disk or the database do."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from sandbox.discord.permissions import Permission
from tests.e2e.harness import House


async def test_a_dead_token_leaves_the_same_message_to_the_bot_token(house: House) -> None:
    """After 15 minutes the message is edited by channel and message id."""
    house.knobs.latency_s = 1
    await house.imagine("slow and steady")
    await house.shows("slow and steady", "at work")
    house.faults.expire_all_tokens()
    await house.picture("slow and steady")
    assert len(house.driver.messages("alice")) == 1
    await house.until(lambda: house.rows("SELECT token FROM requests") == [(None,)])


async def test_a_deleted_message_is_replaced_by_a_new_one(house: House) -> None:
    """The picture is paid for, so it is posted anew."""
    house.knobs.latency_s = 1
    await house.imagine("gone with the wind")
    message = await house.shows("gone with the wind", "at work")
    house.driver.delete("mod", message.id)
    assert (await house.picture("gone with the wind")).id != message.id
    assert len(house.driver.messages("alice")) == 1


async def test_a_private_picture_with_a_dead_token_comes_by_direct_message(house: House) -> None:
    """It is never posted where others would see it."""
    house.knobs.latency_s = 1
    await house.imagine("for my eyes only", private=True)
    await house.shows("for my eyes only", "at work")
    house.faults.expire_all_tokens()
    await house.picture("for my eyes only", channel="dm")
    assert house.driver.messages("bob") == []


async def test_a_picture_that_can_go_nowhere_is_kept(house: House) -> None:
    """No token, no access, no direct messages: the job is ready, and its file stays on disk."""
    house.knobs.latency_s = 1
    await house.imagine("message in a bottle")
    await house.shows("message in a bottle", "at work")
    house.faults.expire_all_tokens()
    house.faults.revoke_permission("general", Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES)
    house.faults.fail_next("POST /users/@me/channels", 403, 50007)
    await house.until(lambda: house.states() == ["ready"])
    assert list((house.data_dir / "spool").glob("1.*"))


async def test_a_picture_too_large_for_discord_is_shrunk_and_the_card_says_so(house: House) -> None:
    """A 413 moves one step down: falling quality, then fewer pixels."""
    house.knobs.plain_pictures = False
    house.knobs.picture_format = "png"
    house.faults.upload_limit = 300_000
    await house.imagine("a mountain of detail", resolution="2K")
    message = await house.picture("a mountain of detail")
    assert message.media()[0].size <= 300_000
    assert "shown as WebP" in message.text()


async def test_a_busy_database_defers_the_answer_and_the_card_follows(house: House) -> None:
    """Acknowledged within 3 s though nothing can be stored; once it can, the request is accepted."""
    with closing(sqlite3.connect(house.data_dir / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        interaction = await house.imagine("held up")
        assert 1 < (interaction.acknowledged_after_s or 9) < 3
        assert interaction.state == "deferred"
        await asyncio.sleep(0.2)
        other.execute("ROLLBACK")
    await house.picture("held up")
    assert len(house.driver.messages("alice")) == 1


async def test_a_database_that_stays_busy_is_told_privately_and_costs_nothing(house: House) -> None:
    """The deferred message goes away and the member reads what happened."""
    with closing(sqlite3.connect(house.data_dir / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await house.imagine("no chance")
        message = await house.driver.wait_message(lambda m: "cannot save" in m.text(), viewer="alice")
        other.execute("ROLLBACK")
    assert message.ephemeral_to == "alice"
    assert [m.id for m in house.driver.messages("alice")] == [message.id]
    assert house.rows("SELECT * FROM requests") == []
    assert house.apimaster.posts == []


async def test_discord_errors_while_delivering_are_tried_again(house: House) -> None:
    """A 503 and a 429 without `Via` are trouble that passes."""
    house.knobs.latency_s = 1
    await house.imagine("against the odds")
    await house.shows("against the odds", "at work")
    house.faults.fail_next("PATCH /webhooks/*", 503)
    house.faults.fail_next("PATCH /webhooks/*", 429)
    await house.picture("against the odds")
    assert len(house.driver.messages("alice")) == 1


async def test_nothing_is_ordered_for_a_member_who_was_told_that_the_bot_did_not_respond(house: House) -> None:
    """Discord takes the answer no more (10062): it will be typed again, so this one is taken back for free.

    Also where it takes seconds to learn that.
    """
    house.faults.fail_next("POST /interactions/*", 404, 10062)
    await house.driver.slash("alice", "imagine", {"prompt": "too late"})
    await house.until(lambda: house.states() == ["cancelled"])
    assert house.ledger() == [("reserve", 1_000_000), ("release", 1_000_000)]
    house.faults.delay("POST /interactions/*", 3.5, times=1)
    await house.driver.slash("alice", "imagine", {"prompt": "on its way for too long"})
    await house.until(lambda: house.states() == ["cancelled"] * 2)
    assert house.apimaster.posts == []
    assert house.driver.messages("bob") == []


async def test_an_answer_whose_confirmation_got_lost_is_still_one_message(house: House) -> None:
    """Discord took the card but its reply was an error: the picture comes into the same message."""
    house.faults.fail_next("POST /interactions/*", 503, after=True, times=10)
    await house.driver.slash("alice", "imagine", {"prompt": "an echo"})
    await house.picture("an echo")
    assert len(house.driver.messages("bob")) == 1
    assert len(house.apimaster.posts) == 1


async def test_after_a_refused_resume_the_bot_comes_back_to_the_configured_discord(house: House) -> None:
    """The gateway drops the connection and forgets the session; members are answered again within seconds."""
    house.faults.refuse_resume = True
    await house.faults.drop_gateway(4000)
    await house.until(lambda: not house.driver.bot_online)
    await house.until(lambda: house.driver.bot_online)
    await house.imagine("back again")
    await house.picture("back again")


async def test_in_direct_messages_it_works_the_same(house: House) -> None:
    """No server is needed."""
    interaction = await house.driver.slash("alice", "imagine", {"prompt": "just us"}, channel="dm")
    await interaction.acknowledged()
    await house.picture("just us", channel="dm")
    assert house.rows("SELECT guild_id FROM jobs") == [(None,)]


async def test_a_stop_by_signal_is_quick_and_the_restart_goes_on(house: House) -> None:
    """SIGTERM ends the process within 10 s with exit code 0; the running picture comes after the start."""
    house.knobs.latency_s = 1
    await house.imagine("to be continued")
    await house.until(lambda: house.states() == ["running"])
    await house.bot.stop()
    assert house.bot.returncode == 0
    await house.start()
    await house.picture("to be continued")
    assert len(house.apimaster.posts) == 1
