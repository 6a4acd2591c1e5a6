"""Prompts with choices in braces: confirmed first, then made once, each in its own message."""

from __future__ import annotations

import asyncio

from sandbox.driver import Message
from tests.e2e.harness import Harness

BIRDS = "a {red, blue} bird"


async def question(harness: Harness, *, channel: str = "general", viewer: str = "alice") -> Message:
    """Wait for the confirmation of several prompts; it is private."""
    asked = await harness.driver.wait_message(lambda m: " in all" in m.text(), viewer=viewer, channel=channel)
    assert asked.ephemeral_to == viewer or channel == "dm"
    return asked


async def test_every_prompt_is_made_once_however_often_it_is_confirmed(harness: Harness) -> None:
    """The confirmation works after a restart; two clicks at once make one set; each prompt is exact."""
    await harness.imagine(BIRDS, resolution="2K")
    asked = await question(harness)
    assert "These are 2 prompts: 2.67 credits" in asked.text()
    assert "1. a red bird\n2. a blue bird" in asked.text()
    assert harness.rows("SELECT COUNT(*) FROM requests") == [(0,)]
    await harness.bot.kill()
    await harness.start()
    make = asked.button("Make all 2 for 2.67 credits").custom_id
    await asyncio.gather(*(harness.driver.click("alice", asked.id, make) for _ in range(2)))
    cards = [await harness.picture(f"a {colour} bird", viewer="bob") for colour in ("red", "blue")]
    assert cards[0].id != cards[1].id
    await harness.until(lambda: harness.states() == ["delivered", "delivered"])
    assert [harness.ledger(number) for number in (1, 2)] == [[("reserve", 1_333_333), ("charge", 1_333_333)]] * 2
    assert {post.body["prompt"] for post in harness.apimaster.posts} == {"a blue bird", "a red bird"}
    await harness.driver.wait_message(lambda m: "answered already" in m.text(), viewer="alice")
    await harness.shows("All 2 prompts are on their way")
    await harness.driver.click("bob", cards[0].id, cards[0].button("Again").custom_id)
    await harness.until(lambda: len(harness.states()) == 3)


async def test_private_ones_follow_up_privately_from_their_references(harness: Harness) -> None:
    """Only their member sees them; both use the same reference, and pictures with a count share a message."""
    await harness.imagine("a picture to begin with")
    picture = ("a.png", await (await harness.picture("a picture to begin with")).read())
    options = {"prompt": "image 1 in {oil, ink}", "image1": picture, "private": True, "count": 2}
    await (await harness.driver.slash("alice", "remix", options)).acknowledged()
    asked = await question(harness)
    assert "2 pictures of each: 4 credits" in asked.text()
    await harness.driver.click("alice", asked.id, asked.button("Make all 4").custom_id)
    for words in ("image 1 in oil", "image 1 in ink"):
        assert (await harness.picture(words)).ephemeral_to == "alice"
    await harness.until(lambda: harness.states() == ["delivered"] * 5)
    assert harness.rows("SELECT request_id, COUNT(*) FROM request_references GROUP BY request_id") == [(2, 1), (3, 1)]


async def test_killed_after_confirmation_every_card_is_still_posted(harness: Harness) -> None:
    """Accepted but not shown: the next start posts the cards, each once, before their jobs start."""
    harness.knobs.latency_s = 30
    await harness.imagine("two before them", count=2)
    await harness.until(lambda: harness.states() == ["running", "running"])
    await harness.imagine(BIRDS)
    asked = await question(harness)
    harness.faults.fail_next("POST /channels/*", 503, times=50)
    await harness.driver.click("alice", asked.id, asked.button("Make all").custom_id)
    await harness.until(lambda: len(harness.states()) == 4)
    await harness.bot.kill()
    assert len(harness.driver.messages("bob")) == 1
    harness.faults.clear()
    await harness.start()
    await harness.shows("a red bird", "Next in line", viewer="bob")
    await harness.shows("a blue bird", "2nd in line", viewer="bob")
    assert len(harness.driver.messages("bob")) == 3


async def test_user_install_makes_as_many_as_discord_allows(harness: Harness) -> None:
    """Where only a member installed the bot, each card is a follow-up: five are made, six are refused."""
    await (
        await harness.driver.slash("alice", "imagine", {"prompt": "{a,b,c,d,e,f}"}, channel="friends")
    ).acknowledged()
    refused = await harness.driver.wait_message(
        lambda m: "5 is the limit" in m.text(), viewer="alice", channel="friends"
    )
    assert refused.ephemeral_to == "alice"
    await harness.driver.slash("alice", "imagine", {"prompt": "letter {a,b,c,d,e}"}, channel="friends")
    asked = await question(harness, channel="friends")
    await harness.driver.click("alice", asked.id, asked.button("Make all 5").custom_id, channel="friends")
    for letter in "abcde":
        await harness.picture(f"letter {letter}", viewer="bob", channel="friends")
    await harness.until(lambda: harness.states() == ["delivered"] * 5)


async def test_cancelled_question_orders_nothing(harness: Harness) -> None:
    """The response replaces the confirmation."""
    await harness.imagine(BIRDS)
    asked = await question(harness)
    await harness.driver.click("alice", asked.id, asked.button("Cancel").custom_id)
    said = await harness.shows("Nothing was ordered")
    assert said.id == asked.id
    assert harness.rows("SELECT COUNT(*) FROM jobs") == [(0,)]


async def test_too_many_are_refused_in_one_sentence(harness: Harness) -> None:
    """Before any confirmation or row; also an empty prompt, and more pictures than may wait."""
    for prompt, count, said in (
        ("{a,b,c}{1,2,3}", 1, "make 9 prompts"),
        ("{" + "a," * 1_900 + "}", 1, "at least 1,000"),
        ("{, }", 1, "is empty"),
        ("{a, b, c}", 4, "12 pictures at once; 10 of yours may wait"),
    ):
        await harness.imagine(prompt, count=count)
        refused = await harness.shows(said)
        assert refused.ephemeral_to == "alice"
    assert harness.rows("SELECT COUNT(*) FROM drafts") == [(0,)]
