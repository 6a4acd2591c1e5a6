"""A picture is delivered despite faults of Discord, the disk or the database."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from sandbox.discord.permissions import Permission
from tests.e2e.harness import Harness


async def test_expired_token_falls_back_to_the_bot_token(harness: Harness) -> None:
    """After 15 minutes the message is edited by channel and message id."""
    harness.knobs.latency_s = 1
    await harness.imagine("slow and steady")
    await harness.shows("slow and steady", "at work")
    harness.faults.expire_all_tokens()
    await harness.picture("slow and steady")
    assert len(harness.driver.messages("alice")) == 1
    await harness.until(lambda: harness.rows("SELECT token FROM requests") == [(None,)])


async def test_a_deleted_message_is_replaced_by_a_new_one(harness: Harness) -> None:
    """The picture is paid for, so it is posted again."""
    harness.knobs.latency_s = 1
    await harness.imagine("gone with the wind")
    message = await harness.shows("gone with the wind", "at work")
    harness.driver.delete("mod", message.id)
    assert (await harness.picture("gone with the wind")).id != message.id
    assert len(harness.driver.messages("alice")) == 1


async def test_private_picture_with_an_expired_token_comes_by_direct_message(harness: Harness) -> None:
    """It is never posted where other members would see it."""
    harness.knobs.latency_s = 1
    await harness.imagine("for my eyes only", private=True)
    await harness.shows("for my eyes only", "at work")
    harness.faults.expire_all_tokens()
    await harness.picture("for my eyes only", channel="dm")
    assert harness.driver.messages("bob") == []


async def test_undeliverable_picture_is_kept(harness: Harness) -> None:
    """No token, no access, no direct messages: the job is ready, and its file stays on disk."""
    harness.knobs.latency_s = 1
    await harness.imagine("message in a bottle")
    await harness.shows("message in a bottle", "at work")
    harness.faults.expire_all_tokens()
    harness.faults.revoke_permission("general", Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES)
    harness.faults.fail_next("POST /users/@me/channels", 403, 50007)
    await harness.until(lambda: harness.states() == ["ready"])
    assert list((harness.data_dir / "spool").glob("1.*"))


async def test_a_picture_too_large_for_discord_is_shrunk_and_the_card_says_so(harness: Harness) -> None:
    """A 413 moves one step down: lower quality, then fewer pixels."""
    harness.knobs.plain_pictures = False
    harness.knobs.picture_format = "png"
    harness.faults.upload_limit = 300_000
    await harness.imagine("a mountain of detail", resolution="2K")
    message = await harness.picture("a mountain of detail")
    assert message.media()[0].size <= 300_000
    assert "shown as WebP" in message.text()


async def test_busy_database_defers_the_answer_and_the_card_follows(harness: Harness) -> None:
    """Acknowledged within 3 s though nothing can be stored; the request is accepted as soon as it can be."""
    with closing(sqlite3.connect(harness.data_dir / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        interaction = await harness.imagine("held up")
        assert 1 < (interaction.acknowledged_after_s or 9) < 3
        assert interaction.state == "deferred"
        await asyncio.sleep(0.2)
        other.execute("ROLLBACK")
    await harness.picture("held up")
    assert len(harness.driver.messages("alice")) == 1


async def test_database_that_stays_busy_is_reported_privately_and_costs_nothing(harness: Harness) -> None:
    """The deferred message is deleted and the member is shown what happened."""
    with closing(sqlite3.connect(harness.data_dir / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await harness.imagine("no chance")
        message = await harness.driver.wait_message(lambda m: "cannot save" in m.text(), viewer="alice")
        other.execute("ROLLBACK")
    assert message.ephemeral_to == "alice"
    assert [m.id for m in harness.driver.messages("alice")] == [message.id]
    assert harness.rows("SELECT * FROM requests") == []
    assert harness.apimaster.posts == []


async def test_discord_errors_while_delivering_are_retried(harness: Harness) -> None:
    """A 503 and a 429 without `Via` are transient errors."""
    harness.knobs.latency_s = 1
    await harness.imagine("against the odds")
    await harness.shows("against the odds", "at work")
    harness.faults.fail_next("PATCH /webhooks/*", 503)
    harness.faults.fail_next("PATCH /webhooks/*", 429)
    await harness.picture("against the odds")
    assert len(harness.driver.messages("alice")) == 1


async def test_order_is_withdrawn_if_the_member_saw_that_the_bot_did_not_respond(harness: Harness) -> None:
    """Discord rejects the response (10062): the member will type it again, so this order is withdrawn for free.

    Also if the rejection takes seconds to arrive.
    """
    harness.faults.fail_next("POST /interactions/*", 404, 10062)
    await harness.driver.slash("alice", "imagine", {"prompt": "too late"})
    await harness.until(lambda: harness.states() == ["cancelled"])
    assert harness.ledger() == [("reserve", 1_000_000), ("release", 1_000_000)]
    harness.faults.delay("POST /interactions/*", 3.5, times=1)
    await harness.driver.slash("alice", "imagine", {"prompt": "on its way for too long"})
    await harness.until(lambda: harness.states() == ["cancelled"] * 2)
    assert harness.apimaster.posts == []
    assert harness.driver.messages("bob") == []


async def test_response_whose_confirmation_was_lost_is_still_one_message(harness: Harness) -> None:
    """Discord took the card but its reply was an error: the picture is put in the same message."""
    harness.faults.fail_next("POST /interactions/*", 503, after=True, times=10)
    await harness.driver.slash("alice", "imagine", {"prompt": "an echo"})
    await harness.picture("an echo")
    assert len(harness.driver.messages("bob")) == 1
    assert len(harness.apimaster.posts) == 1


async def test_after_a_refused_resume_the_bot_reconnects_to_the_configured_discord(harness: Harness) -> None:
    """The gateway drops the connection and forgets the session; members are answered again within seconds."""
    harness.faults.refuse_resume = True
    await harness.faults.drop_gateway(4000)
    await harness.until(lambda: not harness.driver.bot_online)
    await harness.until(lambda: harness.driver.bot_online)
    await harness.imagine("back again")
    await harness.picture("back again")


async def test_direct_messages_work_the_same(harness: Harness) -> None:
    """No server is needed."""
    interaction = await harness.driver.slash("alice", "imagine", {"prompt": "just us"}, channel="dm")
    await interaction.acknowledged()
    await harness.picture("just us", channel="dm")
    assert harness.rows("SELECT guild_id FROM jobs") == [(None,)]


async def test_stop_by_signal_is_quick_and_the_restart_continues(harness: Harness) -> None:
    """SIGTERM ends the process within 10 s with exit code 0; the running picture arrives after the start."""
    harness.knobs.latency_s = 1
    await harness.imagine("to be continued")
    await harness.until(lambda: harness.states() == ["running"])
    await harness.bot.stop()
    assert harness.bot.returncode == 0
    await harness.start()
    await harness.picture("to be continued")
    assert len(harness.apimaster.posts) == 1
