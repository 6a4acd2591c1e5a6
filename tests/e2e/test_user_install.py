"""Where only a member installed the bot: a server without the bot, and direct messages between members."""

from __future__ import annotations

import pytest

from sandbox.driver import Interaction
from tests.e2e.harness import Harness
from tests.e2e.test_message_media import a_picture


async def imagine(harness: Harness, prompt: str, channel: str) -> Interaction:
    """Type `/imagine` there."""
    interaction = await harness.driver.slash("alice", "imagine", {"prompt": prompt}, channel=channel)
    await interaction.acknowledged()
    return interaction


def tried(harness: Harness, channel: str) -> list[str]:
    """The bot's calls to that channel with its own token, which has no access there."""
    path = f"/channels/{harness.world.channel(channel).id}"
    return [entry.path for entry in harness.discord.requests if path in entry.path]


@pytest.mark.parametrize("channel", ["elsewhere", "friends"])
async def test_pictures_are_made_remixed_and_made_again(harness: Harness, channel: str) -> None:
    """The response to each command or press becomes its picture; another member's Again is that member's own order."""
    await imagine(harness, "a visitor", channel)
    card = await harness.picture("a visitor", channel=channel)
    remix = await harness.driver.slash(
        "bob", "remix", {"prompt": "a guest"}, channel=channel, files={"image1": ("red.png", a_picture("red"))}
    )
    await remix.acknowledged()
    await harness.picture("a guest", viewer="alice", channel=channel)
    await harness.driver.click("bob", card.id, card.button("Again").custom_id)
    again = await harness.driver.wait_message(
        lambda m: "a visitor" in m.text() and bool(m.media()) and m.id != card.id, viewer="bob", channel=channel
    )
    assert harness.world.user("bob").id in again.text()
    assert harness.rows("SELECT DISTINCT bot_present FROM requests") == [(0,)]
    assert tried(harness, channel) == []


@pytest.mark.parametrize("channel", ["elsewhere", "friends"])
async def test_expired_token_falls_back_to_a_direct_message(harness: Harness, channel: str) -> None:
    """Neither the message nor the channel is tried once the interaction token has expired."""
    harness.knobs.latency_s = 1
    await imagine(harness, "a late visitor", channel)
    await harness.shows("a late visitor", "at work", channel=channel)
    harness.faults.expire_all_tokens()
    await harness.picture("a late visitor", channel="dm")
    assert tried(harness, channel) == []


async def test_undeliverable_picture_is_kept_and_collected_there(harness: Harness) -> None:
    """An expired token and closed direct messages: `/collect` delivers it later, in the same channel."""
    harness.knobs.latency_s = 1
    harness.world.user("alice").accepts_dms = False
    await imagine(harness, "a lost visitor", "friends")
    await harness.shows("a lost visitor", "at work", channel="friends")
    harness.faults.expire_all_tokens()
    await harness.until(lambda: harness.states() == ["ready"])
    collect = await harness.driver.slash("alice", "collect", channel="friends")
    await collect.acknowledged()
    await harness.picture("a lost visitor", channel="friends")
    await harness.until(lambda: harness.states() == ["delivered"])
    assert tried(harness, "friends") == []


async def test_waiting_picture_is_made_private_and_cancelled_there_too(harness: Harness) -> None:
    """The first token deletes the message, the press's own shows the card; a late picture is kept for its member."""
    harness.knobs.latency_s = 30
    await imagine(harness, "a shy visitor", "friends")
    card = await harness.shows("a shy visitor", "at work", channel="friends")
    moved = await harness.driver.click("alice", card.id, card.button("Move to private").custom_id)
    await harness.until(lambda: moved.response is not None and "at work" in moved.response.text())
    assert harness.driver.messages("bob", "friends") == []
    assert moved.response is not None
    cancelling = await harness.driver.click("alice", moved.response.id, moved.response.button("Cancel").custom_id)
    await harness.until(lambda: bool(cancelling.followups))
    await harness.driver.click("alice", cancelling.followups[0].id, "really_cancel:1")
    await harness.shows("a shy visitor", "Cancelled while it was being made", channel="friends")
    harness.apimaster.finish_all()
    await harness.shows("a shy visitor", "`/collect` hands it over", channel="friends")
    await harness.until(lambda: harness.states() == ["ready"])
    assert tried(harness, "friends") == []
