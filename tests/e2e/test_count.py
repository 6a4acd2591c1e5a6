"""Several pictures at once: one message, a gallery that fills, each picture its own job and ledger."""

from __future__ import annotations

from sandbox.apimaster import Fault
from tests.e2e.harness import House


async def test_four_pictures_fill_one_message(house: House) -> None:
    """The price of all is shown before and after; each is charged once."""
    await house.imagine("four seasons", count=4, resolution="2K")
    first = await house.shows("four seasons")
    assert "5.33 credits" in first.text()
    await house.driver.wait_message(lambda m: len(m.media()) == 4, viewer="alice")
    await house.until(lambda: house.states() == ["delivered"] * 4)
    (message,) = house.driver.messages("alice")
    assert [media.filename for media in message.media()] == [f"imagine-{n}.jpg" for n in (1, 2, 3, 4)]
    assert "4 of 4 ready" in message.text()
    assert house.rows("SELECT kind, COUNT(*) FROM ledger GROUP BY kind ORDER BY kind") == [
        ("charge", 4),
        ("reserve", 4),
    ]
    assert len(house.apimaster.posts) == 4
    assert house.rows("SELECT DISTINCT round(reported_cost, 3), effective_resolution FROM jobs") == [(1.333, "2K")]
    assert message.edits <= 12


async def test_one_that_fails_leaves_the_others(house: House) -> None:
    """The message shows three pictures and says which one failed and what it cost."""
    house.apimaster.script(Fault.http(400))
    await house.imagine("three and a half", count=4)
    message = await house.driver.wait_message(
        lambda m: len(m.media()) == 3 and "did not accept" in m.text(), viewer="alice", timeout_s=20
    )
    assert "It cost nothing." in message.text()
    await house.until(lambda: sorted(house.states()) == ["delivered", "delivered", "delivered", "failed"])


async def test_the_buttons_act_on_the_chosen_picture(house: House) -> None:
    """Choosing answers privately with that picture's buttons; a stranger's Again is the stranger's own order."""
    await house.imagine("twins", count=2)
    message = await house.driver.wait_message(lambda m: len(m.media()) == 2, viewer="bob")
    await house.driver.select("bob", message.id, "choose:1", ["2"])
    chosen = await house.driver.wait_message(lambda m: "Picture 2 of 2 · no. 2" in m.text(), viewer="bob")
    assert chosen.ephemeral_to == "bob"
    await house.driver.click("bob", chosen.id, chosen.button("Again").custom_id)
    await house.until(lambda: len(house.states()) == 3)
    assert str(house.rows("SELECT user_id FROM jobs WHERE id = 3")[0][0]) == house.world.user("bob").id


async def test_a_chosen_picture_is_shown_and_can_be_built_on_when_our_copy_is_gone(house: House) -> None:
    """Years later: the file was swept, and the picture stands only on its message, whose address the choice carries."""
    await house.imagine("old twins", count=2)
    message = await house.driver.wait_message(lambda m: len(m.media()) == 2, viewer="bob")
    await house.until(lambda: house.states() == ["delivered"] * 2)
    house.write("UPDATE jobs SET picture_file = NULL")
    await house.driver.select("bob", message.id, "choose:1", ["2"])
    chosen = await house.driver.wait_message(lambda m: "Picture 2 of 2 · no. 2" in m.text(), viewer="bob")
    assert message.media()[1].filename in str(chosen.components)
    (bigger,) = [button for button in chosen.buttons() if button.label.startswith("Bigger")]
    await house.driver.click("bob", chosen.id, bigger.custom_id)
    await house.until(lambda: house.states() == ["delivered"] * 3)
    assert message.media()[1].filename in str(house.apimaster.posts[-1].body["image_urls"])


async def test_a_deleted_message_comes_back_with_every_picture(house: House) -> None:
    """Pictures that were posted already are sent anew beside the one that is still to come."""
    house.apimaster.script(Fault.http(503))
    await house.imagine("two of a kind", count=2)
    first = await house.driver.wait_message(lambda m: len(m.media()) == 1, viewer="alice")
    house.driver.delete("mod", first.id)
    message = await house.driver.wait_message(lambda m: len(m.media()) == 2, viewer="alice")
    assert message.id != first.id
    assert len(house.driver.messages("alice")) == 1


async def test_killed_half_way_the_rest_arrives_in_the_same_message(house: House) -> None:
    """What was shown stays, what was under way follows, nothing is ordered twice."""
    house.apimaster.script(Fault.http(503))
    await house.imagine("before and after", count=3)
    await house.driver.wait_message(lambda m: len(m.media()) == 2, viewer="alice")
    await house.bot.kill()
    await house.start()
    await house.driver.wait_message(lambda m: len(m.media()) == 3, viewer="alice")
    assert len(house.driver.messages("alice")) == 1
    assert len([post for post in house.apimaster.posts if post.task_id]) == 3


async def test_waiting_pictures_of_one_command_are_cancelled_one_by_one(house: House) -> None:
    """Each has its own Cancel; the others go on."""
    house.knobs.latency_s = 30
    await house.imagine("a long queue", count=4)
    await house.until(lambda: house.states() == ["running", "running", "queued", "queued"])
    message = await house.shows("a long queue", "2 of 4 at work")
    await house.driver.click("alice", message.id, message.button("Cancel no. 3").custom_id)
    await house.until(lambda: house.states() == ["running", "running", "cancelled", "queued"])
