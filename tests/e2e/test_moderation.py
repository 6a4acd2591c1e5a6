"""Moderators block members and remove pictures; ordinary members may do neither, whatever they send."""

from __future__ import annotations

import re

import pytest

from sandbox.driver import DriverError, Interaction
from tests.e2e.harness import House


async def answer(interaction: Interaction) -> str:
    """What a moderator was told, in private."""
    await interaction.answered()
    assert interaction.response is not None
    assert interaction.response.ephemeral_to == interaction.member
    return interaction.response.text()


async def command(house: House, name: str, options: dict[str, object] | None = None) -> str:
    """Use a moderator's command and read its answer."""
    return await answer(await house.driver.slash("mod", name, options or {}))


async def refused(house: House, words: str, *, member: str = "alice") -> str:
    """Order a picture and read the refusal."""
    await house.imagine("one more", member=member)
    message = await house.driver.wait_message(lambda m: words in m.text(), viewer=member)
    assert message.ephemeral_to == member
    return message.text()


async def test_a_blocked_member_orders_nothing_until_unblocked(house: House) -> None:
    """What waits is taken back for free, what is being made comes; a restart changes nothing; all is audited."""
    house.knobs.latency_s = 1.0
    for number in range(3):
        await house.imagine(f"number {number}")
    await house.until(lambda: house.states() == ["running", "running", "queued"])
    alice = house.world.user("alice").id
    told = await command(house, "block", {"member": "alice", "duration": "2h", "reason": "spam"})
    for words in (alice, "<t:", "1 order", "do not read the reason"):
        assert words in told
    await house.until(lambda: house.states() == ["delivered", "delivered", "cancelled"])
    assert house.ledger(3) == [("reserve", 1_000_000), ("release", 1_000_000)]
    await house.bot.kill()
    await house.restart_bot()
    text = await refused(house, "blocked you")
    assert "<t:" in text
    assert "spam" not in text
    assert "spam" in await command(house, "blocks")
    await command(house, "block", {"member": "alice", "reason": "too much", "tell": True})
    assert "<t:" not in await refused(house, "The reason: too much")
    assert "again" in await command(house, "unblock", {"member": "alice"})
    assert "is not blocked" in await command(house, "unblock", {"member": "alice"})
    await house.imagine("free again")
    await house.picture("free again")
    mod = int(house.world.user("mod").id)
    assert house.rows("SELECT actor_id, action, member_id FROM audit ORDER BY id") == [
        (mod, "block", int(alice)), (mod, "block", int(alice)), (mod, "unblock", int(alice)),
    ]  # fmt: skip


async def test_what_means_nothing_is_told_so(house: House) -> None:
    """One sentence each: nobody is blocked, and what others posted is for Discord's own tools."""
    for options, words in (
        ({"member": "mod"}, "That is you"),
        ({"member": "Imagine"}, "A bot makes no pictures"),
        ({"member": "bob", "duration": "a while"}, "is no duration"),
    ):
        assert words in await command(house, "block", {**options})
    assert "Nobody is blocked" in await command(house, "blocks")
    message = house.driver.send("bob", "words")
    asked = await house.driver.context_menu("mod", "Remove picture", target_message_id=message.id)
    assert "no picture of mine" in await answer(asked)
    for name in ("block", "unblock", "blocks"):
        with pytest.raises(DriverError):
            await house.driver.slash("alice", name, {} if name == "blocks" else {"member": "bob"})


async def test_a_moderator_removes_a_picture_and_blocks_its_member(house: House) -> None:
    """The message and its copies go, the row stays, the audit says why; a second form finds nothing left."""
    await house.imagine("something unkind", member="bob")
    card = await house.picture("something unkind", viewer="bob")
    with pytest.raises(DriverError):
        await house.driver.context_menu("alice", "Remove picture", target_message_id=card.id)
    forms = []
    for _ in range(2):
        forms.append(await house.driver.context_menu("mod", "Remove picture", target_message_id=card.id))
        await forms[-1].acknowledged()
    sent = await house.driver.submit_modal(forms[0], {"reason": "unkind", "block": "1 day"})
    told = await answer(sent)
    assert "Removed no. 1" in told
    assert re.search(r"is blocked until <t:[0-9]+:f>", told)
    await house.until(lambda: card.id not in [message.id for message in house.driver.messages("bob")])
    assert "has been deleted" in await answer(await house.driver.submit_modal(forms[1], {}))
    await refused(house, "blocked you", member="bob")
    assert house.rows("SELECT action, job_id, detail FROM audit ORDER BY id")[0] == ("remove", 1, "unkind")
    assert house.rows("SELECT prompt FROM requests WHERE deleted_at IS NOT NULL") == [("something unkind",)]


async def test_a_card_is_removed_while_it_waits_or_is_made(house: House) -> None:
    """What waited is free; what was being made is kept for its member alone, who paid for it; a kill delays it."""
    house.knobs.latency_s = 1.5
    house.faults.delay("DELETE /*", 30)
    await house.imagine("unkind too", count=3)
    await house.until(lambda: house.states() == ["running", "running", "queued"])
    card = await house.shows("unkind too")
    opened = await house.driver.context_menu("mod", "Remove picture", target_message_id=card.id)
    await opened.acknowledged()
    await answer(await house.driver.submit_modal(opened, {}))
    await house.bot.kill()
    assert "unkind too" in str([message.text() for message in house.driver.messages("bob")])
    house.faults.clear()
    await house.restart_bot()
    await house.until(lambda: house.states() == ["ready", "ready", "cancelled"])
    assert "unkind too" not in str([message.text() for message in house.driver.messages("bob")])
    assert house.ledger(3) == [("reserve", 1_000_000), ("release", 1_000_000)]
