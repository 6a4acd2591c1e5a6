"""Cancel on a running picture: it asks for confirmation, and the picture is kept for /collect instead of posted."""

from __future__ import annotations

from tests.e2e.harness import Harness


async def test_cancelled_while_running_the_picture_is_kept_for_collect(harness: Harness) -> None:
    """Only its member may cancel, after a confirmation; a kill in between changes nothing.

    /collect delivers the picture.
    """
    harness.knobs.latency_s = 30
    await harness.imagine("a slow kite")
    card = await harness.shows("a slow kite", "at work")
    cancel = card.button("Cancel").custom_id
    await harness.driver.click("bob", card.id, cancel)
    refusal = await harness.driver.wait_message(lambda m: "another member" in m.text(), viewer="bob")
    assert refusal.ephemeral_to == "bob"
    await harness.driver.click("alice", card.id, cancel)
    question = await harness.shows("may still be charged (1 credit)")
    assert question.ephemeral_to == "alice"
    assert harness.rows("SELECT withdrawn_at FROM jobs") == [(None,)]
    for _ in range(2):
        await harness.driver.click("alice", question.id, "really_cancel:1")
    await harness.shows("a slow kite", "Cancelled while it was being made")
    await harness.shows("No. 1 is cancelled already")
    await harness.bot.kill()
    harness.apimaster.finish_all()
    await harness.start()
    card = await harness.shows("a slow kite", "made and charged all the same")
    assert card.media() == []
    assert card.buttons() == []
    assert harness.states() == ["ready"]
    assert harness.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]
    await (await harness.driver.slash("alice", "collect")).acknowledged()
    handed_over = await harness.picture("a slow kite")
    assert handed_over.ephemeral_to == "alice"
    await harness.until(lambda: harness.states() == ["delivered"])
    assert len(harness.apimaster.posts) == 1
