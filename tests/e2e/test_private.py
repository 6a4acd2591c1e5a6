"""Move to private: a waiting order continues in an ephemeral message, and its public message is deleted."""

from __future__ import annotations

from pathlib import Path

from sandbox.driver import Interaction
from tests.e2e.harness import Harness

MOVED = "SELECT 1 FROM requests WHERE private = 1"


async def move(harness: Harness, prompt: str, *, member: str = "alice") -> Interaction:
    """Press the button on the public card."""
    card = await harness.shows(prompt, viewer="bob")
    interaction = await harness.driver.click(member, card.id, card.button("Move to private").custom_id)
    assert await interaction.acknowledged() < 3
    return interaction


async def answer_of(harness: Harness, interaction: Interaction, words: str) -> None:
    """Wait for the private response to a press."""
    await harness.until(lambda: interaction.response is not None and words in interaction.response.text())
    assert interaction.response is not None
    assert interaction.response.ephemeral_to == interaction.member


async def test_card_and_follow_up_orders_continue_in_private(harness: Harness) -> None:
    """Only its member may, once; the second of two clicks is answered so. The picture and Again stay private."""
    harness.knobs.latency_s = 30
    await harness.imagine("a secret kite", count=2)
    await harness.until(lambda: harness.states() == ["running"] * 2)
    await answer_of(harness, await move(harness, "a secret kite", member="bob"), "another member")
    card = await harness.shows("a secret kite", "at work")
    clicks = [await harness.driver.click("alice", card.id, "hide:1") for _ in range(2)]
    await answer_of(harness, clicks[0], "a secret kite")
    await answer_of(harness, clicks[1], "private already")
    assert all(m.ephemeral_to == "bob" for m in harness.driver.messages("bob"))
    harness.apimaster.finish_all()
    harness.knobs.latency_s = 0.3
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    shown = clicks[0].response
    assert shown is not None
    assert len(shown.media()) == 2
    assert " · private · " in shown.text()
    await harness.driver.select("alice", shown.id, "choose:1", ["2"])
    choice = await harness.shows("Picture 2 of 2")
    await harness.driver.click("alice", choice.id, "again:2")
    await harness.until(lambda: harness.states() == ["delivered"] * 3)
    assert harness.rows("SELECT private FROM requests") == [(1,), (1,)]
    assert all(m.ephemeral_to == "bob" for m in harness.driver.messages("bob"))


async def test_killed_in_between_it_ends_in_private(harness: Harness) -> None:
    """The row is written first: the next process deletes the public message and fills the private one."""
    harness.knobs.latency_s = 30
    await harness.imagine("a secret kite")
    await harness.shows("a secret kite", "at work")
    harness.faults.delay("DELETE /*", 30)
    pressed = await move(harness, "a secret kite")
    await harness.until(lambda: harness.rows(MOVED) == [(1,)])
    await harness.bot.kill()
    harness.faults.clear()
    await harness.start()
    await answer_of(harness, pressed, "at work")
    await harness.until(lambda: harness.driver.messages("bob") == [])
    harness.faults.expire_all_tokens()
    harness.apimaster.finish_all()
    assert (await harness.picture("a secret kite", channel="dm")).ephemeral_to is None
    await harness.until(lambda: harness.states() == ["delivered"])
    assert harness.driver.messages("bob") == []
    assert harness.rows("SELECT COUNT(*) FROM left_messages") == [(0,)]
    assert harness.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]


async def test_picture_being_posted_is_moved_to_private(tmp_path: Path) -> None:
    """One of two is being uploaded to the public message when its member presses."""
    async with Harness(tmp_path / "data", PER_USER_RUNNING="1") as harness:
        await harness.start()
        harness.knobs.latency_s = 30
        await harness.imagine("a secret kite", count=2)
        await harness.until(lambda: harness.states() == ["running", "queued"])
        harness.faults.delay("PATCH /webhooks/*", 1.0)
        harness.apimaster.finish_all()
        await harness.until(
            lambda: harness.states()[0] in {"fetched", "delivered"} and harness.states()[1] == "running"
        )
        pressed = await move(harness, "a secret kite")
        await harness.until(lambda: harness.rows(MOVED) == [(1,)])
        harness.faults.clear()
        await harness.until(lambda: harness.states() == ["delivered", "running"])
        await harness.until(lambda: pressed.response is not None and len(pressed.response.media()) == 1)
        assert harness.driver.messages("bob") == []
        harness.apimaster.finish_all()
        await harness.until(lambda: pressed.response is not None and len(pressed.response.media()) == 2)
        assert harness.driver.messages("bob") == []
        assert harness.discord.violations == []
