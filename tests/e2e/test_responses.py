"""Interaction responses whose connection is cut, before or after Discord received them."""

from __future__ import annotations

import pytest

from sandbox.discord.faults import CUT
from tests.e2e.harness import Harness

ANSWER = "POST /interactions/*"
EDIT = "PATCH /webhooks/*"
QUESTION = "POST /webhooks/*"


@pytest.mark.parametrize("after", [False, True], ids=["before-discord-took-it", "after-discord-took-it"])
async def test_response_whose_connection_is_cut_is_still_given(harness: Harness, *, after: bool) -> None:
    """An order, a press, a form, a list and a refusal each arrive once, and each action is done once."""

    def cut() -> None:
        harness.faults.fail_next(ANSWER, CUT, after=after)

    harness.knobs.latency_s = 30
    cut()
    await harness.driver.slash("alice", "imagine", {"prompt": "a torn kite"})
    card = await harness.shows("a torn kite", "at work")

    cut()
    refused = await harness.driver.click("bob", card.id, card.button("Move to private").custom_id)
    await harness.driver.wait_message(lambda m: "another member" in m.text(), viewer="bob")
    assert refused.state != "failed"
    cut()
    await harness.driver.click("alice", card.id, card.button("Cancel").custom_id)
    question = await harness.shows("may still be charged (1 credit)")
    cut()
    await harness.driver.click("alice", question.id, "really_cancel:1")
    await harness.shows("No. 1 is cancelled")
    cut()
    await harness.driver.slash("alice", "queue")
    await harness.shows("a torn kite")

    harness.knobs.latency_s = 0.1
    await harness.imagine("a mended kite")
    picture = await harness.picture("a mended kite")
    cut()
    opened = await harness.driver.click("bob", picture.id, picture.button("Edit prompt").custom_id)
    await harness.until(lambda: opened.modal is not None)
    cut()
    await harness.driver.submit_modal(opened, {"prompt": "a kite of bob's"})
    await harness.driver.wait_message(lambda m: "a kite of bob's" in m.text() and bool(m.media()), viewer="bob")
    cut()
    opened = await harness.driver.context_menu("bob", "Remix this", target_message_id=picture.id)
    await harness.until(lambda: opened.modal is not None)
    await harness.driver.submit_modal(opened, {"prompt": "a kite from the menu"})
    await harness.driver.wait_message(lambda m: "from the menu" in m.text() and "ready in" in m.text(), viewer="bob")
    ordered = [post.body["prompt"] for post in harness.apimaster.posts]
    assert ordered == ["a torn kite", "a mended kite", "a kite of bob's", "a kite from the menu"]
    public = [message for message in harness.driver.messages("bob") if message.ephemeral_to is None]
    assert len(public) == 4


async def test_results_are_shown_though_the_connection_breaks_meanwhile(harness: Harness) -> None:
    """An edit is sent again, with its files, and so is a question; none is reported as not charged."""
    await harness.imagine("a kite to look back at")
    await harness.picture("a kite to look back at")
    await harness.until(lambda: harness.states() == ["delivered"])
    harness.knobs.latency_s = 30
    harness.faults.fail_next(EDIT, CUT)
    await harness.driver.slash("alice", "gallery")
    gallery = await harness.shows("a kite to look back at", "Your pictures")
    assert [media.filename for media in gallery.media()] == ["imagine-1.small.webp"]

    await harness.imagine("a {torn, mended} kite")
    asked = await harness.driver.wait_message(lambda m: "2 prompts" in m.text(), viewer="alice")
    harness.faults.fail_next(EDIT, CUT, after=True)
    await harness.driver.click("alice", asked.id, asked.button("Make all 2").custom_id)
    await harness.shows("All 2 prompts are on their way")
    torn = await harness.shows("a torn kite", "at work")
    harness.faults.fail_next(QUESTION, CUT)
    await harness.driver.click("alice", torn.id, torn.button("Cancel").custom_id)
    await harness.shows("may still be charged (1 credit)")

    await harness.imagine("a {red, blue} kite")
    asked = await harness.driver.wait_message(lambda m: "a red kite" in m.text(), viewer="alice")
    harness.faults.fail_next(EDIT, CUT, after=True, times=2)
    await harness.driver.click("alice", asked.id, asked.button("Make all 2").custom_id)
    await harness.shows("may have been done")
    await harness.until(lambda: len(harness.states()) == 5)
    assert not [message for message in harness.driver.messages("alice") if "nothing was charged" in message.text()]
