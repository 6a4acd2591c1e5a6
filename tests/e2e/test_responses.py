"""Answers to interactions whose connection is cut, before Discord took them or after."""

from __future__ import annotations

import pytest

from sandbox.discord.faults import CUT
from tests.e2e.harness import House

ANSWER = "POST /interactions/*"
EDIT = "PATCH /webhooks/*"
QUESTION = "POST /webhooks/*"


@pytest.mark.parametrize("after", [False, True], ids=["before-discord-took-it", "after-discord-took-it"])
async def test_an_answer_whose_connection_is_cut_is_given_all_the_same(house: House, *, after: bool) -> None:
    """An order, a press, a form, a list and a refusal each arrive once, and what was asked is done once."""

    def cut() -> None:
        house.faults.fail_next(ANSWER, CUT, after=after)

    house.knobs.latency_s = 30
    cut()
    await house.driver.slash("alice", "imagine", {"prompt": "a torn kite"})
    card = await house.shows("a torn kite", "at work")

    cut()
    refused = await house.driver.click("bob", card.id, card.button("Move to private").custom_id)
    await house.driver.wait_message(lambda m: "another member" in m.text(), viewer="bob")
    assert refused.state != "failed"
    cut()
    await house.driver.click("alice", card.id, card.button("Cancel").custom_id)
    question = await house.shows("may still be charged (1 credit)")
    cut()
    await house.driver.click("alice", question.id, "really_cancel:1")
    await house.shows("No. 1 is cancelled")
    cut()
    await house.driver.slash("alice", "queue")
    await house.shows("a torn kite")

    house.knobs.latency_s = 0.1
    await house.imagine("a mended kite")
    picture = await house.picture("a mended kite")
    cut()
    opened = await house.driver.click("bob", picture.id, picture.button("Edit prompt").custom_id)
    await house.until(lambda: opened.modal is not None)
    cut()
    await house.driver.submit_modal(opened, {"prompt": "a kite of bob's"})
    await house.driver.wait_message(lambda m: "a kite of bob's" in m.text() and bool(m.media()), viewer="bob")
    cut()
    opened = await house.driver.context_menu("bob", "Remix this", target_message_id=picture.id)
    await house.until(lambda: opened.modal is not None)
    await house.driver.submit_modal(opened, {"prompt": "a kite from the menu"})
    await house.driver.wait_message(lambda m: "from the menu" in m.text() and "ready in" in m.text(), viewer="bob")
    ordered = [post.body["prompt"] for post in house.apimaster.posts]
    assert ordered == ["a torn kite", "a mended kite", "a kite of bob's", "a kite from the menu"]
    public = [message for message in house.driver.messages("bob") if message.ephemeral_to is None]
    assert len(public) == 4


async def test_what_was_done_is_told_though_the_connection_breaks_meanwhile(house: House) -> None:
    """An edit is sent once more, with its files, and so is a question; nobody reads that nothing was charged for it."""
    await house.imagine("a kite to look back at")
    await house.picture("a kite to look back at")
    await house.until(lambda: house.states() == ["delivered"])
    house.knobs.latency_s = 30
    house.faults.fail_next(EDIT, CUT)
    await house.driver.slash("alice", "gallery")
    gallery = await house.shows("a kite to look back at", "Your pictures")
    assert [media.filename for media in gallery.media()] == ["imagine-1.small.webp"]

    await house.imagine("a {torn, mended} kite")
    asked = await house.driver.wait_message(lambda m: "2 prompts" in m.text(), viewer="alice")
    house.faults.fail_next(EDIT, CUT, after=True)
    await house.driver.click("alice", asked.id, asked.button("Make all 2").custom_id)
    await house.shows("All 2 prompts are on their way")
    torn = await house.shows("a torn kite", "at work")
    house.faults.fail_next(QUESTION, CUT)
    await house.driver.click("alice", torn.id, torn.button("Cancel").custom_id)
    await house.shows("may still be charged (1 credit)")

    await house.imagine("a {red, blue} kite")
    asked = await house.driver.wait_message(lambda m: "a red kite" in m.text(), viewer="alice")
    house.faults.fail_next(EDIT, CUT, after=True, times=2)
    await house.driver.click("alice", asked.id, asked.button("Make all 2").custom_id)
    await house.shows("may have been done")
    await house.until(lambda: len(house.states()) == 5)
    assert not [message for message in house.driver.messages("alice") if "nothing was charged" in message.text()]
