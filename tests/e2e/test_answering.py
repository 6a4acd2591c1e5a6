"""The first answer to an interaction when its connection is cut, before Discord took it or after."""

from __future__ import annotations

import pytest

from sandbox.discord.faults import CUT
from tests.e2e.house import House

ANSWER = "POST /interactions/*"


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
    ordered = [post.body["prompt"] for post in house.apimaster.posts]
    assert ordered == ["a torn kite", "a mended kite", "a kite of bob's"]
    public = [message for message in house.driver.messages("bob") if message.ephemeral_to is None]
    assert len(public) == 3
