"""SIGKILL in every job state, then a restart: nothing is lost, nothing is ordered twice."""

from __future__ import annotations

import asyncio
import random

from sandbox.apimaster import Fault
from tests.e2e.harness import Harness


async def test_killed_while_queued_it_continues_in_order(harness: Harness) -> None:
    """The next process submits the waiting jobs, once each."""
    harness.knobs.latency_s = 2
    for number in range(4):
        await harness.imagine(f"queued {number}")
    await harness.until(lambda: harness.states() == ["running", "running", "queued", "queued"])
    await harness.bot.kill()
    harness.knobs.latency_s = 0.3
    await harness.start()
    for number in range(4):
        await harness.picture(f"queued {number}")
    assert len(harness.apimaster.posts) == 4


async def test_killed_while_submitting_it_is_uncertain_and_not_ordered_again(harness: Harness) -> None:
    """The message says that it may have been charged; the provider sees no second POST until the member decides."""
    await _kill_while_submitting(harness)
    await harness.start()
    message = await harness.shows("a lost letter", "It may have been charged (1 credit).")
    assert [button.label for button in message.buttons()] == ["Try again (may be charged twice)", "Drop"]
    assert harness.states() == ["uncertain"]
    assert harness.ledger() == [("reserve", 1_000_000), ("uncertain", 1_000_000)]
    assert len(harness.apimaster.posts) == 1


async def test_an_uncertain_picture_is_ordered_again_only_by_its_member(harness: Harness) -> None:
    """Try again makes one new job with credits of its own; pressed twice it still makes one."""
    await _kill_while_submitting(harness)
    await harness.start()
    message = await harness.shows("a lost letter", "may have been charged")
    retry = message.button("Try again").custom_id
    await harness.driver.click("bob", message.id, retry)
    await harness.driver.wait_message(lambda m: "another member" in m.text(), viewer="bob")
    await harness.driver.click("alice", message.id, retry)
    await harness.driver.click("alice", message.id, retry)
    await harness.picture("a lost letter")
    await harness.until(lambda: harness.states() == ["uncertain", "delivered"])
    assert harness.ledger(1) == [("reserve", 1_000_000), ("uncertain", 1_000_000)]
    assert harness.ledger(2) == [("reserve", 1_000_000), ("charge", 1_000_000)]
    assert len(harness.apimaster.posts) == 2


async def test_uncertain_picture_is_dropped(harness: Harness) -> None:
    """Drop ends it; the ledger keeps the possible charge."""
    await _kill_while_submitting(harness)
    await harness.start()
    message = await harness.shows("a lost letter", "may have been charged")
    await harness.driver.click("alice", message.id, message.button("Drop").custom_id)
    message = await harness.shows("a lost letter", "Given up. It may have been charged (1 credit).")
    assert message.buttons() == []
    assert harness.states() == ["cancelled"]
    assert harness.ledger() == [("reserve", 1_000_000), ("uncertain", 1_000_000)]


async def test_killed_while_running_it_is_polled_again_not_ordered_again(harness: Harness) -> None:
    """The next process polls a known task id until its picture is ready."""
    harness.knobs.latency_s = 1.5
    await harness.imagine("a long exposure")
    await harness.until(lambda: harness.states() == ["running"])
    await harness.bot.kill()
    await harness.start()
    message = await harness.picture("a long exposure")
    assert len(harness.apimaster.posts) == 1
    assert len(harness.driver.messages("alice")) == 1
    assert message.edits <= 3


async def test_killed_while_fetched_the_picture_is_shown_once(harness: Harness) -> None:
    """The next process delivers a picture on disk without asking the provider again."""
    harness.faults.delay("PATCH /webhooks/*", 30)
    await harness.imagine("a dry plate")
    await harness.until(lambda: harness.states() == ["fetched"])
    await harness.bot.kill()
    harness.faults.clear()
    await harness.start()
    message = await harness.picture("a dry plate")
    await harness.until(lambda: harness.states() == ["delivered"])
    assert len(message.media()) == 1
    assert len(harness.apimaster.posts) == 1
    assert len(harness.driver.messages("alice")) == 1


async def test_killed_between_showing_and_recording_the_picture_is_shown_once(harness: Harness) -> None:
    """The next process repeats the edit, which changes nothing: one message, one picture."""
    harness.knobs.latency_s = 1
    await harness.imagine("an echo")
    await harness.shows("an echo", "at work")
    harness.faults.fail_next("PATCH /webhooks/*", 503, times=50, after=True)
    await harness.picture("an echo")
    assert harness.states() == ["fetched"]
    await harness.bot.kill()
    harness.faults.clear()
    await harness.start()
    await harness.until(lambda: harness.states() == ["delivered"])
    (message,) = harness.driver.messages("alice")
    assert len(message.media()) == 1


async def test_killed_after_delivery_nothing_happens(harness: Harness) -> None:
    """The next process does not touch a finished message."""
    await harness.imagine("a still life")
    before = await harness.picture("a still life")
    await harness.until(lambda: harness.states() == ["delivered"])
    await harness.bot.kill()
    await harness.start()
    await asyncio.sleep(0.5)
    assert harness.driver.message("alice", before.id).edits == before.edits
    assert len(harness.apimaster.posts) == 1


async def test_failure_not_shown_before_the_kill_is_shown_after_it(harness: Harness) -> None:
    """A job may have ended while its message still said otherwise; the rows decide."""
    harness.apimaster.script(Fault.task_fails("no luck today"))
    harness.faults.delay("PATCH /webhooks/*", 30)
    await harness.imagine("a broken vase")
    await harness.until(lambda: harness.states() == ["failed"])
    await harness.bot.kill()
    harness.faults.clear()
    await harness.start()
    await harness.shows("a broken vase", "It cost nothing.")


async def test_random_kills_lose_nothing_and_order_nothing_twice(harness: Harness) -> None:
    """Ten kills at random moments over twelve pictures: each ends with its picture, or as uncertain with a message."""
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    for number in range(12):
        await harness.imagine(f"survivor {number:02}", member=rng.choice(["alice", "bob", "mod"]))
        if number < 10:
            await asyncio.sleep(rng.uniform(0, 0.6))
            await harness.bot.kill()
            await harness.start()
    await harness.until(lambda: set(harness.states()) <= {"delivered", "uncertain"})
    assert len(harness.states()) == 12, f"seed {seed}"
    for number in range(12):
        said = [m for m in harness.driver.messages("alice") if f"survivor {number:02}" in m.text()]
        assert len(said) == 1, f"seed {seed}, picture {number}"
        assert len(said[0].media()) == 1 or "may have been charged" in said[0].text(), f"seed {seed}, picture {number}"
    prompts = [post.body["prompt"] for post in harness.apimaster.posts if isinstance(post.body, dict)]
    assert len(prompts) == len(set(prompts)), f"seed {seed}: ordered twice"
    unbalanced = harness.rows(
        "SELECT job_id FROM ledger GROUP BY job_id HAVING "
        "SUM(CASE kind WHEN 'reserve' THEN amount_microcredits ELSE 0 END) <> "
        "SUM(CASE WHEN kind IN ('charge', 'release', 'uncertain', 'adjust') THEN amount_microcredits ELSE 0 END)"
    )
    assert unbalanced == [], f"seed {seed}"


async def _kill_while_submitting(harness: Harness) -> None:
    """Kill the bot while it waits for the answer to a POST that the provider has taken."""
    harness.apimaster.script(Fault.charged_then_hang())
    await harness.imagine("a lost letter")
    await harness.until(lambda: harness.states() == ["submitting"] and len(harness.apimaster.posts) == 1)
    await harness.bot.kill()
