"""Where only a member brought the bot along: a server that never invited it, and direct messages among people."""

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
    """What the bot asked of that channel with its own token, which opens nothing there."""
    path = f"/channels/{harness.world.channel(channel).id}"
    return [entry.path for entry in harness.discord.requests if path in entry.path]


@pytest.mark.parametrize("channel", ["elsewhere", "friends"])
async def test_pictures_are_made_remixed_and_made_again(harness: Harness, channel: str) -> None:
    """The answer to each command or press becomes its picture; a friend who presses Again gets their own."""
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
async def test_a_dead_token_means_a_direct_message(harness: Harness, channel: str) -> None:
    """Neither the message nor the channel is tried once the token that could change them is gone."""
    harness.knobs.latency_s = 1
    await imagine(harness, "a late visitor", channel)
    await harness.shows("a late visitor", "at work", channel=channel)
    harness.faults.expire_all_tokens()
    await harness.picture("a late visitor", channel="dm")
    assert tried(harness, channel) == []


async def test_what_reaches_nobody_is_kept_and_collected_there(harness: Harness) -> None:
    """A dead token and closed direct messages: `/collect` hands it over later, in the same place."""
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


async def test_a_waiting_picture_is_made_private_and_cancelled_there_too(harness: Harness) -> None:
    """The first token takes the message away, the press's own shows the card; what comes is kept for its member."""
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
