"""Where only a member brought the bot along: a server that never invited it, and direct messages among people."""

from __future__ import annotations

import pytest

from sandbox.driver import Interaction
from tests.e2e.harness import House
from tests.e2e.test_message_media import a_picture


async def imagine(house: House, prompt: str, channel: str) -> Interaction:
    """Type `/imagine` there."""
    interaction = await house.driver.slash("alice", "imagine", {"prompt": prompt}, channel=channel)
    await interaction.acknowledged()
    return interaction


def tried(house: House, channel: str) -> list[str]:
    """What the bot asked of that channel with its own token, which opens nothing there."""
    path = f"/channels/{house.world.channel(channel).id}"
    return [entry.path for entry in house.discord.requests if path in entry.path]


@pytest.mark.parametrize("channel", ["elsewhere", "friends"])
async def test_pictures_are_made_remixed_and_made_again(house: House, channel: str) -> None:
    """The answer to each command or press becomes its picture; a friend who presses Again gets their own."""
    await imagine(house, "a visitor", channel)
    card = await house.picture("a visitor", channel=channel)
    remix = await house.driver.slash(
        "bob", "remix", {"prompt": "a guest"}, channel=channel, files={"image1": ("red.png", a_picture("red"))}
    )
    await remix.acknowledged()
    await house.picture("a guest", viewer="alice", channel=channel)
    await house.driver.click("bob", card.id, card.button("Again").custom_id)
    again = await house.driver.wait_message(
        lambda m: "a visitor" in m.text() and bool(m.media()) and m.id != card.id, viewer="bob", channel=channel
    )
    assert house.world.user("bob").id in again.text()
    assert house.rows("SELECT DISTINCT bot_present FROM requests") == [(0,)]
    assert tried(house, channel) == []


@pytest.mark.parametrize("channel", ["elsewhere", "friends"])
async def test_a_dead_token_means_a_direct_message(house: House, channel: str) -> None:
    """Neither the message nor the channel is tried once the token that could change them is gone."""
    house.knobs.latency_s = 1
    await imagine(house, "a late visitor", channel)
    await house.shows("a late visitor", "at work", channel=channel)
    house.faults.expire_all_tokens()
    await house.picture("a late visitor", channel="dm")
    assert tried(house, channel) == []


async def test_what_reaches_nobody_is_kept_and_collected_there(house: House) -> None:
    """A dead token and closed direct messages: `/collect` hands it over later, in the same place."""
    house.knobs.latency_s = 1
    house.world.user("alice").accepts_dms = False
    await imagine(house, "a lost visitor", "friends")
    await house.shows("a lost visitor", "at work", channel="friends")
    house.faults.expire_all_tokens()
    await house.until(lambda: house.states() == ["ready"])
    collect = await house.driver.slash("alice", "collect", channel="friends")
    await collect.acknowledged()
    await house.picture("a lost visitor", channel="friends")
    await house.until(lambda: house.states() == ["delivered"])
    assert tried(house, "friends") == []


async def test_a_waiting_picture_is_made_private_and_cancelled_there_too(house: House) -> None:
    """The first token takes the message away, the press's own shows the card; what comes is kept for its member."""
    house.knobs.latency_s = 30
    await imagine(house, "a shy visitor", "friends")
    card = await house.shows("a shy visitor", "at work", channel="friends")
    moved = await house.driver.click("alice", card.id, card.button("Move to private").custom_id)
    await house.until(lambda: moved.response is not None and "at work" in moved.response.text())
    assert house.driver.messages("bob", "friends") == []
    assert moved.response is not None
    cancelling = await house.driver.click("alice", moved.response.id, moved.response.button("Cancel").custom_id)
    await house.until(lambda: bool(cancelling.followups))
    await house.driver.click("alice", cancelling.followups[0].id, "really_cancel:1")
    await house.shows("a shy visitor", "Cancelled while it was being made", channel="friends")
    house.apimaster.finish_all()
    await house.shows("a shy visitor", "`/collect` hands it over", channel="friends")
    await house.until(lambda: house.states() == ["ready"])
    assert tried(house, "friends") == []
