"""Move to private: a waiting picture goes on where its member alone sees it, and its public message goes away."""

from __future__ import annotations

from pathlib import Path

from sandbox.driver import Interaction
from tests.e2e.harness import House

MOVED = "SELECT 1 FROM requests WHERE private = 1"


async def move(house: House, prompt: str, *, member: str = "alice") -> Interaction:
    """Press the button on the card that all can see."""
    card = await house.shows(prompt, viewer="bob")
    interaction = await house.driver.click(member, card.id, card.button("Move to private").custom_id)
    assert await interaction.acknowledged() < 3
    return interaction


async def answer_of(house: House, interaction: Interaction, words: str) -> None:
    """Wait for what a press was answered with, in private."""
    await house.until(lambda: interaction.response is not None and words in interaction.response.text())
    assert interaction.response is not None
    assert interaction.response.ephemeral_to == interaction.member


async def test_the_card_goes_on_in_private_and_so_does_what_comes_of_it(house: House) -> None:
    """Only its member may, once; of two clicks the second is told so. The picture and Again stay private."""
    house.knobs.latency_s = 30
    await house.imagine("a secret kite", count=2)
    await house.until(lambda: house.states() == ["running"] * 2)
    await answer_of(house, await move(house, "a secret kite", member="bob"), "another member")
    card = await house.shows("a secret kite", "at work")
    clicks = [await house.driver.click("alice", card.id, "hide:1") for _ in range(2)]
    await answer_of(house, clicks[0], "a secret kite")
    await answer_of(house, clicks[1], "private already")
    assert all(m.ephemeral_to == "bob" for m in house.driver.messages("bob"))
    house.apimaster.finish_all()
    house.knobs.latency_s = 0.3
    await house.until(lambda: house.states() == ["delivered"] * 2)
    shown = clicks[0].response
    assert shown is not None
    assert len(shown.media()) == 2
    assert " · private · " in shown.text()
    await house.driver.select("alice", shown.id, "choose:1", ["2"])
    choice = await house.shows("Picture 2 of 2")
    await house.driver.click("alice", choice.id, "again:2")
    await house.until(lambda: house.states() == ["delivered"] * 3)
    assert house.rows("SELECT private FROM requests") == [(1,), (1,)]
    assert all(m.ephemeral_to == "bob" for m in house.driver.messages("bob"))


async def test_killed_in_the_middle_it_ends_in_private(house: House) -> None:
    """The row is written first: the next process removes the public message and fills the private one."""
    house.knobs.latency_s = 30
    await house.imagine("a secret kite")
    await house.shows("a secret kite", "at work")
    house.faults.delay("DELETE /*", 30)
    pressed = await move(house, "a secret kite")
    await house.until(lambda: house.rows(MOVED) == [(1,)])
    await house.bot.kill()
    house.faults.clear()
    await house.start()
    await answer_of(house, pressed, "at work")
    await house.until(lambda: house.driver.messages("bob") == [])
    house.faults.expire_all_tokens()
    house.apimaster.finish_all()
    assert (await house.picture("a secret kite", channel="dm")).ephemeral_to is None
    await house.until(lambda: house.states() == ["delivered"])
    assert house.driver.messages("bob") == []
    assert house.rows("SELECT COUNT(*) FROM left_messages") == [(0,)]
    assert house.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]


async def test_a_picture_that_is_just_being_posted_comes_in_private(tmp_path: Path) -> None:
    """One of two has arrived, and is on its way to the public message, when its member presses."""
    async with House(tmp_path / "data", PER_USER_RUNNING="1") as house:
        await house.start()
        house.knobs.latency_s = 30
        await house.imagine("a secret kite", count=2)
        await house.until(lambda: house.states() == ["running", "queued"])
        house.faults.delay("PATCH /webhooks/*", 1.0)
        house.apimaster.finish_all()
        await house.until(lambda: house.states()[0] in {"fetched", "delivered"} and house.states()[1] == "running")
        pressed = await move(house, "a secret kite")
        await house.until(lambda: house.rows(MOVED) == [(1,)])
        house.faults.clear()
        await house.until(lambda: house.states() == ["delivered", "running"])
        await house.until(lambda: pressed.response is not None and len(pressed.response.media()) == 1)
        assert house.driver.messages("bob") == []
        house.apimaster.finish_all()
        await house.until(lambda: pressed.response is not None and len(pressed.response.media()) == 2)
        assert house.driver.messages("bob") == []
        assert house.discord.violations == []
