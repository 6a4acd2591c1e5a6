"""From `/imagine` to a picture in the channel."""

from __future__ import annotations

import io

from PIL import Image

from sandbox.driver import Message
from tests.e2e.harness import Harness


async def test_prompt_becomes_a_picture_in_the_channel(harness: Harness) -> None:
    """The message becomes the picture at its exact size, with its member, settings, cost and duration."""
    interaction = await harness.imagine("a corgi astronaut", size="16:9", resolution="2K")
    assert (interaction.acknowledged_after_s or 9) < 3
    message = await harness.picture("a corgi astronaut")
    with Image.open(io.BytesIO(await message.read())) as picture:
        assert picture.size == (2752, 1536)
    text = message.text()
    assert f"<@{harness.world.user('alice').id}> · 16:9 · 2K · 1.33 credits" in text
    assert "ready in" in text
    assert "no. 1" in text
    assert message.media()[0].description == "a corgi astronaut"
    assert message.edits <= 3
    assert len(harness.driver.messages("alice")) == 1


async def test_credits_of_a_delivered_picture_are_reserved_and_charged_once(harness: Harness) -> None:
    """2K costs 4/3 credits: one reserve, one charge, one POST, and the provider charged the same."""
    await harness.imagine("a blue bird", resolution="2K")
    await harness.picture("a blue bird")
    await harness.until(lambda: harness.states() == ["delivered"])
    assert harness.ledger() == [("reserve", 1_333_333), ("charge", 1_333_333)]
    assert len(harness.apimaster.posts) == 1
    events = [row[0] for row in harness.rows("SELECT event FROM job_events ORDER BY id")]
    assert events == ["accepted", "submitting", "submitted", "fetched", "delivered"]


async def test_private_picture_is_seen_only_by_its_member(harness: Harness) -> None:
    """The card and the picture are ephemeral; no other member sees anything."""
    await harness.imagine("a secret garden", private=True)
    message = await harness.picture("a secret garden")
    assert message.ephemeral_to == "alice"
    assert harness.driver.messages("bob") == []


async def test_image_search_without_search_is_refused_privately(harness: Harness) -> None:
    """The sentence says what to do; nothing is stored or charged."""
    await harness.imagine("a lighthouse", google_image_search=True)
    message = await _answer(harness)
    assert "google_search" in message.text()
    assert message.ephemeral_to == "alice"
    assert harness.rows("SELECT * FROM requests") == []
    assert harness.apimaster.posts == []


async def test_the_eleventh_waiting_picture_is_refused_privately(harness: Harness) -> None:
    """Ten may wait besides the two that are running; the sentence says so and what to do."""
    harness.knobs.latency_s = 30
    for number in range(12):
        await harness.imagine(f"picture number {number}")
        await harness.shows(f"picture number {number}")
    await harness.until(lambda: harness.states().count("running") == 2)
    await harness.imagine("one too many")
    message = await harness.driver.wait_message(lambda m: "10 is the limit" in m.text(), viewer="alice")
    assert message.ephemeral_to == "alice"
    assert len(harness.states()) == 12
    assert "8th in line" in (await harness.shows("picture number 9")).text()


async def test_long_prompt_is_sent_in_full_and_cut_on_the_card(harness: Harness) -> None:
    """4,000 characters reach the provider; the card shows 300."""
    prompt = ("word " * 800).strip()
    await harness.imagine(prompt)
    message = await harness.driver.wait_message(lambda m: bool(m.media()), viewer="alice")
    assert harness.apimaster.posts[0].body["prompt"] == prompt
    assert "…" in message.text()


async def test_two_members_take_turns(harness: Harness) -> None:
    """One member's long queue does not keep another member's order from starting."""
    harness.knobs.latency_s = 30
    for number in range(6):
        await harness.imagine(f"alice {number}")
    await harness.imagine("bob's only one", member="bob")
    await harness.until(lambda: harness.states()[-1] == "running")
    assert harness.states().count("running") == 3


async def test_waiting_picture_is_cancelled_for_free_only_by_its_member(harness: Harness) -> None:
    """Another member's press is refused privately; the member's own releases the credits."""
    harness.knobs.latency_s = 30
    for number in range(3):
        await harness.imagine(f"waiting {number}")
    await harness.until(lambda: harness.states() == ["running", "running", "queued"])
    message = await harness.shows("waiting 2", "Next in line")
    cancel = message.button("Cancel").custom_id
    await harness.driver.click("bob", message.id, cancel)
    refusal = await harness.driver.wait_message(lambda m: "another member" in m.text(), viewer="bob")
    assert refusal.ephemeral_to == "bob"
    await harness.driver.click("alice", message.id, cancel)
    await harness.shows("waiting 2", "Cancelled. It cost nothing.")
    assert harness.states()[2] == "cancelled"
    assert harness.ledger(3) == [("reserve", 1_000_000), ("release", 1_000_000)]


async def test_commands_are_registered_once_and_not_again(harness: Harness) -> None:
    """A restart finds them unchanged and sends nothing."""
    await harness.bot.stop()
    await harness.start()
    puts = [r for r in harness.discord.requests if r.method == "PUT" and r.path.endswith("/commands")]
    assert len(puts) == 1


async def _answer(harness: Harness) -> Message:
    return await harness.driver.wait_message(lambda _: True, viewer="alice")
