"""Moderators block members and remove pictures; ordinary members may do neither, whatever they send."""

from __future__ import annotations

import re

import pytest

from sandbox.driver import DriverError, Interaction
from tests.e2e.harness import Harness


async def answer(interaction: Interaction) -> str:
    """The private answer to a moderator."""
    await interaction.answered()
    assert interaction.response is not None
    assert interaction.response.ephemeral_to == interaction.member
    return interaction.response.text()


async def command(harness: Harness, name: str, options: dict[str, object] | None = None) -> str:
    """Use a moderator's command and read its answer."""
    return await answer(await harness.driver.slash("mod", name, options or {}))


async def refused(harness: Harness, words: str, *, member: str = "alice") -> str:
    """Order a picture and return the refusal."""
    await harness.imagine("one more", member=member)
    message = await harness.driver.wait_message(lambda m: words in m.text(), viewer=member)
    assert message.ephemeral_to == member
    return message.text()


async def test_a_blocked_member_orders_nothing_until_unblocked(harness: Harness) -> None:
    """Waiting orders are cancelled for free, running ones are delivered; a restart changes nothing; all is audited."""
    harness.knobs.latency_s = 1.0
    for number in range(3):
        await harness.imagine(f"number {number}")
    await harness.until(lambda: harness.states() == ["running", "running", "queued"])
    alice = harness.world.user("alice").id
    told = await command(harness, "block", {"member": "alice", "duration": "2h", "reason": "spam"})
    for words in (alice, "<t:", "1 order", "do not read the reason"):
        assert words in told
    await harness.until(lambda: harness.states() == ["delivered", "delivered", "cancelled"])
    assert harness.ledger(3) == [("reserve", 1_000_000), ("release", 1_000_000)]
    await harness.bot.kill()
    await harness.restart_bot()
    text = await refused(harness, "blocked you")
    assert "<t:" in text
    assert "spam" not in text
    assert "spam" in await command(harness, "blocks")
    await command(harness, "block", {"member": "alice", "reason": "too much", "tell": True})
    assert "<t:" not in await refused(harness, "The reason: too much")
    assert "again" in await command(harness, "unblock", {"member": "alice"})
    assert "is not blocked" in await command(harness, "unblock", {"member": "alice"})
    await harness.imagine("free again")
    await harness.picture("free again")
    mod = int(harness.world.user("mod").id)
    assert harness.rows("SELECT actor_id, action, member_id FROM audit ORDER BY id") == [
        (mod, "block", int(alice)), (mod, "block", int(alice)), (mod, "unblock", int(alice)),
    ]  # fmt: skip


async def test_invalid_targets_are_refused(harness: Harness) -> None:
    """One sentence each: no member is blocked, and other members' messages are left to Discord's own tools."""
    for options, words in (
        ({"member": "mod"}, "That is you"),
        ({"member": "Imagine"}, "A bot makes no pictures"),
        ({"member": "bob", "duration": "a while"}, "is no duration"),
    ):
        assert words in await command(harness, "block", {**options})
    assert "Nobody is blocked" in await command(harness, "blocks")
    message = harness.driver.send("bob", "words")
    asked = await harness.driver.context_menu("mod", "Remove picture", target_message_id=message.id)
    assert "no picture of mine" in await answer(asked)
    for name in ("block", "unblock", "blocks"):
        with pytest.raises(DriverError):
            await harness.driver.slash("alice", name, {} if name == "blocks" else {"member": "bob"})


async def test_a_moderator_removes_a_picture_and_blocks_its_member(harness: Harness) -> None:
    """The message and its copies are deleted, the row stays, the reason is audited; a second form finds nothing."""
    await harness.imagine("something unkind", member="bob")
    card = await harness.picture("something unkind", viewer="bob")
    with pytest.raises(DriverError):
        await harness.driver.context_menu("alice", "Remove picture", target_message_id=card.id)
    forms = []
    for _ in range(2):
        forms.append(await harness.driver.context_menu("mod", "Remove picture", target_message_id=card.id))
        await forms[-1].acknowledged()
    sent = await harness.driver.submit_modal(forms[0], {"reason": "unkind", "block": "1 day"})
    told = await answer(sent)
    assert "Removed no. 1" in told
    assert re.search(r"is blocked until <t:[0-9]+:f>", told)
    await harness.until(lambda: card.id not in [message.id for message in harness.driver.messages("bob")])
    assert "has been deleted" in await answer(await harness.driver.submit_modal(forms[1], {}))
    await refused(harness, "blocked you", member="bob")
    assert harness.rows("SELECT action, job_id, detail FROM audit ORDER BY id")[0] == ("remove", 1, "unkind")
    assert harness.rows("SELECT prompt FROM requests WHERE deleted_at IS NOT NULL") == [("something unkind",)]


async def test_card_is_removed_while_waiting_or_running(harness: Harness) -> None:
    """A waiting order is free; a running one is kept only for its member, who paid for it; a kill delays it."""
    harness.knobs.latency_s = 1.5
    harness.faults.delay("DELETE /*", 30)
    await harness.imagine("unkind too", count=3)
    await harness.until(lambda: harness.states() == ["running", "running", "queued"])
    card = await harness.shows("unkind too")
    opened = await harness.driver.context_menu("mod", "Remove picture", target_message_id=card.id)
    await opened.acknowledged()
    await answer(await harness.driver.submit_modal(opened, {}))
    await harness.bot.kill()
    assert "unkind too" in str([message.text() for message in harness.driver.messages("bob")])
    harness.faults.clear()
    await harness.restart_bot()
    await harness.until(lambda: harness.states() == ["ready", "ready", "cancelled"])
    assert "unkind too" not in str([message.text() for message in harness.driver.messages("bob")])
    assert harness.ledger(3) == [("reserve", 1_000_000), ("release", 1_000_000)]
