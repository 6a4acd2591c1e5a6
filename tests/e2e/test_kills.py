"""SIGKILL in every state a job can be in, then a start: nothing is lost, nothing is ordered twice."""

from __future__ import annotations

import asyncio
import random

from sandbox.apimaster import Fault
from tests.e2e.harness import House


async def test_killed_while_queued_it_goes_on_in_its_turn(house: House) -> None:
    """Waiting jobs are submitted by the next process, once each."""
    house.knobs.latency_s = 2
    for number in range(4):
        await house.imagine(f"queued {number}")
    await house.until(lambda: house.states() == ["running", "running", "queued", "queued"])
    await house.bot.kill()
    house.knobs.latency_s = 0.3
    await house.start()
    for number in range(4):
        await house.picture(f"queued {number}")
    assert len(house.apimaster.posts) == 4


async def test_killed_while_submitting_it_is_uncertain_and_not_ordered_again(house: House) -> None:
    """The message says that it may have been charged; the provider sees no second POST until the member decides."""
    await _kill_while_submitting(house)
    await house.start()
    message = await house.shows("a lost letter", "It may have been charged (1 credit).")
    assert [button.label for button in message.buttons()] == ["Try again (may be charged twice)", "Drop"]
    assert house.states() == ["uncertain"]
    assert house.ledger() == [("reserve", 1_000_000), ("uncertain", 1_000_000)]
    assert len(house.apimaster.posts) == 1


async def test_an_uncertain_picture_is_ordered_again_only_by_its_member(house: House) -> None:
    """Try again makes one new job with credits of its own; pressed twice it still makes one."""
    await _kill_while_submitting(house)
    await house.start()
    message = await house.shows("a lost letter", "may have been charged")
    retry = message.button("Try again").custom_id
    await house.driver.click("bob", message.id, retry)
    await house.driver.wait_message(lambda m: "another member" in m.text(), viewer="bob")
    await house.driver.click("alice", message.id, retry)
    await house.driver.click("alice", message.id, retry)
    await house.picture("a lost letter")
    await house.until(lambda: house.states() == ["uncertain", "delivered"])
    assert house.ledger(1) == [("reserve", 1_000_000), ("uncertain", 1_000_000)]
    assert house.ledger(2) == [("reserve", 1_000_000), ("charge", 1_000_000)]
    assert len(house.apimaster.posts) == 2


async def test_an_uncertain_picture_is_dropped(house: House) -> None:
    """Drop ends it; the ledger keeps the possible charge."""
    await _kill_while_submitting(house)
    await house.start()
    message = await house.shows("a lost letter", "may have been charged")
    await house.driver.click("alice", message.id, message.button("Drop").custom_id)
    message = await house.shows("a lost letter", "Given up. It may have been charged (1 credit).")
    assert message.buttons() == []
    assert house.states() == ["cancelled"]
    assert house.ledger() == [("reserve", 1_000_000), ("uncertain", 1_000_000)]


async def test_killed_while_running_it_is_polled_again_not_ordered_again(house: House) -> None:
    """A known task id is followed to its picture by the next process."""
    house.knobs.latency_s = 1.5
    await house.imagine("a long exposure")
    await house.until(lambda: house.states() == ["running"])
    await house.bot.kill()
    await house.start()
    message = await house.picture("a long exposure")
    assert len(house.apimaster.posts) == 1
    assert len(house.driver.messages("alice")) == 1
    assert message.edits <= 3


async def test_killed_while_fetched_the_picture_is_shown_once(house: House) -> None:
    """A picture on disk is delivered by the next process, without asking the provider again."""
    house.faults.delay("PATCH /webhooks/*", 30)
    await house.imagine("a dry plate")
    await house.until(lambda: house.states() == ["fetched"])
    await house.bot.kill()
    house.faults.clear()
    await house.start()
    message = await house.picture("a dry plate")
    await house.until(lambda: house.states() == ["delivered"])
    assert len(message.media()) == 1
    assert len(house.apimaster.posts) == 1
    assert len(house.driver.messages("alice")) == 1


async def test_killed_between_showing_and_recording_the_picture_stays_one(house: House) -> None:
    """The edit is done again by the next process, which changes nothing: one message, one picture."""
    house.knobs.latency_s = 1
    await house.imagine("an echo")
    await house.shows("an echo", "at work")
    house.faults.fail_next("PATCH /webhooks/*", 503, times=50, after=True)
    await house.picture("an echo")
    assert house.states() == ["fetched"]
    await house.bot.kill()
    house.faults.clear()
    await house.start()
    await house.until(lambda: house.states() == ["delivered"])
    (message,) = house.driver.messages("alice")
    assert len(message.media()) == 1


async def test_killed_after_delivery_nothing_happens(house: House) -> None:
    """The next process leaves a finished message alone."""
    await house.imagine("a still life")
    before = await house.picture("a still life")
    await house.until(lambda: house.states() == ["delivered"])
    await house.bot.kill()
    await house.start()
    await asyncio.sleep(0.5)
    assert house.driver.message("alice", before.id).edits == before.edits
    assert len(house.apimaster.posts) == 1


async def test_a_failure_that_was_not_told_before_the_kill_is_told_after_it(house: House) -> None:
    """A job may have ended while its message still said otherwise; the rows know."""
    house.apimaster.script(Fault.task_fails("no luck today"))
    house.faults.delay("PATCH /webhooks/*", 30)
    await house.imagine("a broken vase")
    await house.until(lambda: house.states() == ["failed"])
    await house.bot.kill()
    house.faults.clear()
    await house.start()
    await house.shows("a broken vase", "It cost nothing.")


async def test_random_kills_lose_nothing_and_order_nothing_twice(house: House) -> None:
    """Ten kills at random moments over twelve pictures: each ends with its picture, or uncertain and saying so."""
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    for number in range(12):
        await house.imagine(f"survivor {number:02}", member=rng.choice(["alice", "bob", "mod"]))
        if number < 10:
            await asyncio.sleep(rng.uniform(0, 0.6))
            await house.bot.kill()
            await house.start()
    await house.until(lambda: set(house.states()) <= {"delivered", "uncertain"})
    assert len(house.states()) == 12, f"seed {seed}"
    for number in range(12):
        said = [m for m in house.driver.messages("alice") if f"survivor {number:02}" in m.text()]
        assert len(said) == 1, f"seed {seed}, picture {number}"
        assert len(said[0].media()) == 1 or "may have been charged" in said[0].text(), f"seed {seed}, picture {number}"
    prompts = [post.body["prompt"] for post in house.apimaster.posts if isinstance(post.body, dict)]
    assert len(prompts) == len(set(prompts)), f"seed {seed}: ordered twice"
    unbalanced = house.rows(
        "SELECT job_id FROM ledger GROUP BY job_id HAVING "
        "SUM(CASE kind WHEN 'reserve' THEN amount_microcredits ELSE 0 END) <> "
        "SUM(CASE WHEN kind IN ('charge', 'release', 'uncertain', 'adjust') THEN amount_microcredits ELSE 0 END)"
    )
    assert unbalanced == [], f"seed {seed}"


async def _kill_while_submitting(house: House) -> None:
    """Have the provider take the POST and never answer, and kill the bot while it waits."""
    house.apimaster.script(Fault.charged_then_hang())
    await house.imagine("a lost letter")
    await house.until(lambda: house.states() == ["submitting"] and len(house.apimaster.posts) == 1)
    await house.bot.kill()
