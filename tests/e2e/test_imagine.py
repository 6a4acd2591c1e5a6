"""From `/imagine` to a picture in the channel."""

from __future__ import annotations

import io

from PIL import Image

from sandbox.driver import Message
from tests.e2e.harness import House


async def test_a_prompt_becomes_a_picture_in_the_channel(house: House) -> None:
    """The message turns into the picture at its exact size, with who asked, settings, cost and time taken."""
    interaction = await house.imagine("a corgi astronaut", size="16:9", resolution="2K")
    assert (interaction.acknowledged_after_s or 9) < 3
    message = await house.picture("a corgi astronaut")
    with Image.open(io.BytesIO(await message.read())) as picture:
        assert picture.size == (2752, 1536)
    text = message.text()
    assert f"<@{house.world.user('alice').id}> · 16:9 · 2K · 1.33 credits" in text
    assert "ready in" in text
    assert "no. 1" in text
    assert message.media()[0].description == "a corgi astronaut"
    assert message.edits <= 3
    assert len(house.driver.messages("alice")) == 1


async def test_credits_of_a_delivered_picture_are_reserved_and_charged_once(house: House) -> None:
    """2K costs 4/3 credits: one reserve, one charge, one POST, and the provider took the same."""
    await house.imagine("a blue bird", resolution="2K")
    await house.picture("a blue bird")
    await house.until(lambda: house.states() == ["delivered"])
    assert house.ledger() == [("reserve", 1_333_333), ("charge", 1_333_333)]
    assert len(house.apimaster.posts) == 1
    events = [row[0] for row in house.rows("SELECT event FROM job_events ORDER BY id")]
    assert events == ["accepted", "submitting", "submitted", "fetched", "delivered"]


async def test_a_private_picture_is_seen_by_its_member_alone(house: House) -> None:
    """The card and the picture are ephemeral; nobody else sees anything."""
    await house.imagine("a secret garden", private=True)
    message = await house.picture("a secret garden")
    assert message.ephemeral_to == "alice"
    assert house.driver.messages("bob") == []


async def test_image_search_without_search_is_refused_privately(house: House) -> None:
    """The sentence says what to do; nothing is stored, nothing is spent."""
    await house.imagine("a lighthouse", google_image_search=True)
    message = await _answer(house)
    assert "google_search" in message.text()
    assert message.ephemeral_to == "alice"
    assert house.rows("SELECT * FROM requests") == []
    assert house.apimaster.posts == []


async def test_the_eleventh_waiting_picture_is_refused_privately(house: House) -> None:
    """Ten may wait beside the two that are made; the sentence says so and names the way out."""
    house.knobs.latency_s = 30
    for number in range(12):
        await house.imagine(f"picture number {number}")
        await house.shows(f"picture number {number}")
    await house.until(lambda: house.states().count("running") == 2)
    await house.imagine("one too many")
    message = await house.driver.wait_message(lambda m: "10 is the limit" in m.text(), viewer="alice")
    assert message.ephemeral_to == "alice"
    assert len(house.states()) == 12
    assert "8th in line" in (await house.shows("picture number 9")).text()


async def test_a_long_prompt_arrives_whole_and_is_cut_on_the_card(house: House) -> None:
    """4,000 characters reach the provider; the card shows 300."""
    prompt = ("word " * 800).strip()
    await house.imagine(prompt)
    message = await house.driver.wait_message(lambda m: bool(m.media()), viewer="alice")
    assert house.apimaster.posts[0].body["prompt"] == prompt
    assert "…" in message.text()


async def test_two_members_take_turns(house: House) -> None:
    """One member's long line does not keep another from starting."""
    house.knobs.latency_s = 30
    for number in range(6):
        await house.imagine(f"alice {number}")
    await house.imagine("bob's only one", member="bob")
    await house.until(lambda: house.states()[-1] == "running")
    assert house.states().count("running") == 3


async def test_a_waiting_picture_is_cancelled_for_free_by_its_member_alone(house: House) -> None:
    """Another member's press is refused privately; the member's own gives the credits back."""
    house.knobs.latency_s = 30
    for number in range(3):
        await house.imagine(f"waiting {number}")
    await house.until(lambda: house.states() == ["running", "running", "queued"])
    message = await house.shows("waiting 2", "Next in line")
    cancel = message.button("Cancel").custom_id
    await house.driver.click("bob", message.id, cancel)
    refusal = await house.driver.wait_message(lambda m: "another member" in m.text(), viewer="bob")
    assert refusal.ephemeral_to == "bob"
    await house.driver.click("alice", message.id, cancel)
    await house.shows("waiting 2", "Cancelled. It cost nothing.")
    assert house.states()[2] == "cancelled"
    assert house.ledger(3) == [("reserve", 1_000_000), ("release", 1_000_000)]


async def test_commands_are_registered_once_and_not_again(house: House) -> None:
    """A restart finds them unchanged and sends nothing."""
    await house.bot.stop()
    await house.start()
    puts = [r for r in house.discord.requests if r.method == "PUT" and r.path.endswith("/commands")]
    assert len(puts) == 1


async def _answer(house: House) -> Message:
    return await house.driver.wait_message(lambda _: True, viewer="alice")
