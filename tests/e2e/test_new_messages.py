"""New messages that the bot starts itself: killed at every step, a picture is still shown once."""

from __future__ import annotations

from sandbox.apimaster import Fault
from tests.e2e.harness import Harness
from tests.e2e.test_permutations import question

LEFT_BEHIND = "I was interrupted right here, and the picture comes in another one"


async def test_unrecorded_follow_up_has_no_picture(harness: Harness) -> None:
    """Discord does not list it again: its text says so, and its picture is put in the next one, once."""
    harness.faults.fail_next("POST /webhooks/*", 503, times=50)
    await harness.driver.slash("alice", "imagine", {"prompt": "letter {a,b}"}, channel="friends")
    asked = await question(harness, channel="friends")
    await harness.driver.click("alice", asked.id, asked.button("Make all 2").custom_id, channel="friends")
    await harness.until(lambda: harness.states() == ["fetched"] * 2)
    await harness.bot.kill()
    harness.faults.clear()
    for step in ("after POST /webhooks/*", "before PATCH /webhooks/*", "after PATCH /webhooks/*"):
        await killed_at(harness, step)
    await harness.start()
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    cards = [m for m in harness.driver.messages("bob", "friends") if "letter" in m.text()]
    left = [card for card in cards if not card.media()]
    assert left
    assert all(LEFT_BEHIND in card.text() and not card.buttons() for card in left)
    for letter in "ab":
        (shown,) = [card for card in cards if f"letter {letter}" in card.text() and card.media()]
        assert LEFT_BEHIND not in shown.text()


async def test_unrecorded_message_is_found_again(harness: Harness) -> None:
    """Its nonce leads to it, and both pictures are put in it."""
    harness.knobs.latency_s = 1
    harness.apimaster.script(Fault.http(503))  # the first of the two starts later
    await harness.imagine("hide and seek", count=2)
    message = await harness.shows("hide and seek", "at work")
    harness.faults.fail_next("POST /channels/*", 503, times=50, after=True)
    harness.faults.expire_all_tokens()
    harness.driver.delete("mod", message.id)
    await harness.until(lambda: harness.states() == ["fetched", "fetched"])
    (begun,) = harness.driver.messages("alice")
    assert LEFT_BEHIND in begun.text()
    await harness.bot.kill()
    harness.faults.clear()
    await harness.start()
    await harness.until(lambda: harness.states() == ["delivered", "delivered"])
    (shown,) = harness.driver.messages("alice")
    assert (shown.id, len(shown.media())) == (begun.id, 2)
    assert harness.rows("SELECT COUNT(*) FROM jobs WHERE attachment_id IS NULL") == [(0,)]


async def killed_at(harness: Harness, step: str) -> None:
    """Start the bot, and kill it at this step of a request to Discord."""
    stop = harness.faults.stops.hold_next(step)
    await harness.bot.start()
    await stop.reached.wait()
    await harness.bot.kill()
    stop.release()
