"""Several pictures in one order: one message, a gallery that fills, each picture its own job and ledger rows."""

from __future__ import annotations

from sandbox.apimaster import Fault
from tests.e2e.harness import Harness


async def test_four_pictures_fill_one_message(harness: Harness) -> None:
    """The price of all is shown before and after; each is charged once."""
    await harness.imagine("four seasons", count=4, resolution="2K")
    first = await harness.shows("four seasons")
    assert "5.33 credits" in first.text()
    await harness.driver.wait_message(lambda m: len(m.media()) == 4, viewer="alice")
    await harness.until(lambda: harness.states() == ["delivered"] * 4)
    (message,) = harness.driver.messages("alice")
    assert [media.filename for media in message.media()] == [f"imagine-{n}.jpg" for n in (1, 2, 3, 4)]
    assert "4 of 4 ready" in message.text()
    assert harness.rows("SELECT kind, COUNT(*) FROM ledger GROUP BY kind ORDER BY kind") == [
        ("charge", 4),
        ("reserve", 4),
    ]
    assert len(harness.apimaster.posts) == 4
    assert harness.rows("SELECT DISTINCT round(reported_cost, 3), effective_resolution FROM jobs") == [(1.333, "2K")]
    assert message.edits <= 12


async def test_one_failed_picture_does_not_affect_the_others(harness: Harness) -> None:
    """The message shows three pictures and says which one failed and what it cost."""
    harness.apimaster.script(Fault.http(400))
    await harness.imagine("three and a half", count=4)
    message = await harness.driver.wait_message(
        lambda m: len(m.media()) == 3 and "did not accept" in m.text(), viewer="alice", timeout_s=20
    )
    assert "It cost nothing." in message.text()
    await harness.until(lambda: sorted(harness.states()) == ["delivered", "delivered", "delivered", "failed"])


async def test_buttons_act_on_the_chosen_picture(harness: Harness) -> None:
    """Choosing answers privately with that picture's buttons; another member's Again is that member's own order."""
    await harness.imagine("twins", count=2)
    message = await harness.driver.wait_message(lambda m: len(m.media()) == 2, viewer="bob")
    await harness.driver.select("bob", message.id, "choose:1", ["2"])
    chosen = await harness.driver.wait_message(lambda m: "Picture 2 of 2 · no. 2" in m.text(), viewer="bob")
    assert chosen.ephemeral_to == "bob"
    await harness.driver.click("bob", chosen.id, chosen.button("Again").custom_id)
    await harness.until(lambda: len(harness.states()) == 3)
    assert str(harness.rows("SELECT user_id FROM jobs WHERE id = 3")[0][0]) == harness.world.user("bob").id


async def test_chosen_picture_works_as_a_reference_when_our_copy_is_gone(harness: Harness) -> None:
    """Years later: the file was removed, and the picture is only in its message, whose address the choice carries."""
    await harness.imagine("old twins", count=2)
    message = await harness.driver.wait_message(lambda m: len(m.media()) == 2, viewer="bob")
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    harness.write("UPDATE jobs SET picture_file = NULL")
    await harness.driver.select("bob", message.id, "choose:1", ["2"])
    chosen = await harness.driver.wait_message(lambda m: "Picture 2 of 2 · no. 2" in m.text(), viewer="bob")
    assert message.media()[1].filename in str(chosen.components)
    (bigger,) = [button for button in chosen.buttons() if button.label.startswith("Bigger")]
    await harness.driver.click("bob", chosen.id, bigger.custom_id)
    await harness.until(lambda: harness.states() == ["delivered"] * 3)
    assert message.media()[1].filename in str(harness.apimaster.posts[-1].body["image_urls"])


async def test_deleted_message_is_reposted_with_every_picture(harness: Harness) -> None:
    """Pictures that were already posted are sent again with the one that is still pending."""
    harness.apimaster.script(Fault.http(503))
    await harness.imagine("two of a kind", count=2)
    first = await harness.driver.wait_message(lambda m: len(m.media()) == 1, viewer="alice")
    harness.driver.delete("mod", first.id)
    message = await harness.driver.wait_message(lambda m: len(m.media()) == 2, viewer="alice")
    assert message.id != first.id
    assert len(harness.driver.messages("alice")) == 1


async def test_killed_half_way_the_rest_arrives_in_the_same_message(harness: Harness) -> None:
    """Shown pictures stay, running ones follow, nothing is ordered twice."""
    harness.apimaster.script(Fault.http(503))
    await harness.imagine("before and after", count=3)
    await harness.driver.wait_message(lambda m: len(m.media()) == 2, viewer="alice")
    await harness.bot.kill()
    await harness.start()
    await harness.driver.wait_message(lambda m: len(m.media()) == 3, viewer="alice")
    assert len(harness.driver.messages("alice")) == 1
    assert len([post for post in harness.apimaster.posts if post.task_id]) == 3


async def test_waiting_pictures_of_one_command_are_cancelled_one_by_one(harness: Harness) -> None:
    """Each has its own Cancel; the others continue."""
    harness.knobs.latency_s = 30
    await harness.imagine("a long queue", count=4)
    await harness.until(lambda: harness.states() == ["running", "running", "queued", "queued"])
    message = await harness.shows("a long queue", "2 of 4 at work")
    await harness.driver.click("alice", message.id, message.button("Cancel no. 3").custom_id)
    await harness.until(lambda: harness.states() == ["running", "running", "cancelled", "queued"])
