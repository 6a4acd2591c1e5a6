"""Cancel on a picture that is being made: it asks first, and what comes all the same is kept, not posted."""

from __future__ import annotations

from tests.e2e.harness import House


async def test_cancelled_while_it_is_made_the_picture_is_kept_for_collect(house: House) -> None:
    """Only its member may, and is asked first; killed in between, the next process keeps to it. It is handed over."""
    house.knobs.latency_s = 30
    await house.imagine("a slow kite")
    card = await house.shows("a slow kite", "at work")
    cancel = card.button("Cancel").custom_id
    await house.driver.click("bob", card.id, cancel)
    refusal = await house.driver.wait_message(lambda m: "another member" in m.text(), viewer="bob")
    assert refusal.ephemeral_to == "bob"
    await house.driver.click("alice", card.id, cancel)
    question = await house.shows("may still be charged (1 credit)")
    assert question.ephemeral_to == "alice"
    assert house.rows("SELECT withdrawn_at FROM jobs") == [(None,)]
    for _ in range(2):
        await house.driver.click("alice", question.id, "really_cancel:1")
    await house.shows("a slow kite", "Cancelled while it was being made")
    await house.shows("No. 1 is cancelled already")
    await house.bot.kill()
    house.apimaster.finish_all()
    await house.start()
    card = await house.shows("a slow kite", "made and charged all the same")
    assert card.media() == []
    assert card.buttons() == []
    assert house.states() == ["ready"]
    assert house.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]
    await (await house.driver.slash("alice", "collect")).acknowledged()
    handed_over = await house.picture("a slow kite")
    assert handed_over.ephemeral_to == "alice"
    await house.until(lambda: house.states() == ["delivered"])
    assert len(house.apimaster.posts) == 1
