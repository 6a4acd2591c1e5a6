"""Messages that the bot begins by itself: killed at their every step, a picture is shown once all the same."""

from __future__ import annotations

from sandbox.apimaster import Fault
from tests.e2e.harness import House
from tests.e2e.test_permutations import question

LEFT_BEHIND = "I was interrupted right here, and the picture comes in another one"


async def test_a_follow_up_that_nobody_knows_of_has_no_picture(house: House) -> None:
    """Discord tells nobody about it again: it says so itself, and its picture comes in the next one, once."""
    house.faults.fail_next("POST /webhooks/*", 503, times=50)
    await house.driver.slash("alice", "imagine", {"prompt": "letter {a,b}"}, channel="friends")
    asked = await question(house, channel="friends")
    await house.driver.click("alice", asked.id, asked.button("Make all 2").custom_id, channel="friends")
    await house.until(lambda: house.states() == ["fetched"] * 2)
    await house.bot.kill()
    house.faults.clear()
    for step in ("after POST /webhooks/*", "before PATCH /webhooks/*", "after PATCH /webhooks/*"):
        await killed_at(house, step)
    await house.start()
    await house.until(lambda: house.states() == ["delivered"] * 2)
    cards = [m for m in house.driver.messages("bob", "friends") if "letter" in m.text()]
    left = [card for card in cards if not card.media()]
    assert left
    assert all(LEFT_BEHIND in card.text() and not card.buttons() for card in left)
    for letter in "ab":
        (shown,) = [card for card in cards if f"letter {letter}" in card.text() and card.media()]
        assert LEFT_BEHIND not in shown.text()


async def test_a_message_begun_without_our_knowing_is_found_again(house: House) -> None:
    """Its nonce leads to it, and both of its pictures come into it."""
    house.knobs.latency_s = 1
    house.apimaster.script(Fault.http(503))  # the first of the two starts later
    await house.imagine("hide and seek", count=2)
    message = await house.shows("hide and seek", "at work")
    house.faults.fail_next("POST /channels/*", 503, times=50, after=True)
    house.faults.expire_all_tokens()
    house.driver.delete("mod", message.id)
    await house.until(lambda: house.states() == ["fetched", "fetched"])
    (begun,) = house.driver.messages("alice")
    assert LEFT_BEHIND in begun.text()
    await house.bot.kill()
    house.faults.clear()
    await house.start()
    await house.until(lambda: house.states() == ["delivered", "delivered"])
    (shown,) = house.driver.messages("alice")
    assert (shown.id, len(shown.media())) == (begun.id, 2)
    assert house.rows("SELECT COUNT(*) FROM jobs WHERE attachment_id IS NULL") == [(0,)]


async def killed_at(house: House, step: str) -> None:
    """Start the bot, and kill it at this step of a request to Discord."""
    stop = house.faults.stops.hold_next(step)
    await house.bot.start()
    await stop.reached.wait()
    await house.bot.kill()
    stop.release()
