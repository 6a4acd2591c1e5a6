"""Forms and permissions used by another member or in another channel are refused; the form works for its owner."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.apimaster import Fault
from sandbox.discord.interactions import InteractionType
from sandbox.discord.permissions import Overwrite, Permission
from sandbox.driver import Interaction, Message
from tests.e2e.harness import Harness
from tests.e2e.test_forged_values import field
from tests.e2e.test_message_media import a_picture, told

ELSEWHERE = "or in another place"
FILLED = [
    field("prompt", 4, value="a forged remix"), field("files", 19, values=[]), field("size", 3, values=["1:1"]),
    field("resolution", 3, values=["1K"]), field("options", 3, values=[]),
]  # fmt: skip
EDITED = [FILLED[0], *FILLED[2:4]]


async def forge(
    harness: Harness,
    member: str,
    data: dict[str, Any],
    *,
    channel: str = "general",
    source: Message | None = None,
    kind: InteractionType = InteractionType.MODAL_SUBMIT,
) -> Interaction:
    """Send an interaction as a modified client can: any custom id, from any channel that its member can access."""
    stored = harness.world.messages.find(source.id) if source else None
    place = harness.world.channel(channel, member)
    record = harness.world.interactions.create(kind, harness.world.user(member), place, data, source=stored)
    return harness.driver.interaction(record.id)


def hide(harness: Harness, channel: str, *members: str) -> None:
    """Let only these members, and the bot, see a channel."""
    place, view = harness.world.channel(channel), int(Permission.VIEW_CHANNEL)
    place.overwrites[harness.world.guild.id] = Overwrite(deny=view)
    for name in (*members, harness.world.bot.username):
        place.overwrites[harness.world.user(name).id] = Overwrite(allow=view, is_member=True)
    harness.world.announce_channel(place)


async def opened_in_hidden_art(harness: Harness) -> Interaction:
    """Bob's form about a picture that he posted in a channel hidden from Alice."""
    hide(harness, "art", "bob")
    posted = harness.driver.send("bob", "look", channel="art", files=[("red.png", a_picture("red"))])
    opened = await harness.driver.context_menu("bob", "Remix this", target_message_id=posted.id, channel="art")
    await opened.acknowledged()
    assert opened.modal is not None
    return opened


async def test_picture_of_a_hidden_channel_is_no_reference_for_other_members(harness: Harness) -> None:
    """Submitted by another member, from another channel, or both at once: only the owner's own order is made."""
    opened = await opened_in_hidden_art(harness)
    assert opened.modal is not None
    data = {"custom_id": opened.modal["custom_id"], "components": FILLED}
    for member, channel in (("alice", "general"), ("alice", "elsewhere"), ("bob", "general"), ("alice", "dm")):
        assert ELSEWHERE in await told(await forge(harness, member, data, channel=channel))
    assert harness.rows("SELECT COUNT(*) FROM requests") == [(0,)]
    forged, own = await asyncio.gather(
        forge(harness, "alice", data), harness.driver.submit_modal(opened, {"prompt": "in oil"})
    )
    assert ELSEWHERE in await told(forged)
    await own.answered()
    await harness.picture("in oil", viewer="bob", channel="art")
    assert harness.rows("SELECT user_id FROM requests") == [(int(harness.world.user("bob").id),)]
    assert len(harness.apimaster.posts) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_forged_form_about_a_hidden_picture_orders_nothing(harness: Harness, restarted: bool) -> None:
    """Its number is refused with a made-up form and with another member's real form; also after a restart."""
    hide(harness, "art", "bob")
    await harness.driver.slash("bob", "imagine", {"prompt": "behind the door"}, channel="art")
    card = await harness.picture("behind the door", viewer="bob", channel="art")
    opened = await harness.driver.click("bob", card.id, card.button("Edit").custom_id)
    await opened.acknowledged()
    assert opened.modal is not None
    if restarted:
        await harness.bot.kill()
        await harness.restart_bot()
    number = opened.modal["custom_id"].rpartition(":")[2]
    for opened_by in (number, "77", "9" * 20):
        for kind, components in (("edit", EDITED), ("remix", FILLED)):
            data = {"custom_id": f"{kind}:1:{opened_by}", "components": components}
            said = await told(await forge(harness, "alice", data))
            assert ELSEWHERE in said or "no picture no. 1" in said
    assert harness.rows("SELECT COUNT(*) FROM requests") == [(1,)]
    await harness.driver.submit_modal(opened, {"prompt": "the real one"})
    await harness.picture("the real one", viewer="bob", channel="art")


async def test_two_members_with_the_same_form(harness: Harness) -> None:
    """After a restart its owner is unknown: each orders from what they can see, once, independently."""
    await harness.imagine("for all to see", member="bob")
    card = await harness.picture("for all to see")
    opened = await harness.driver.click("bob", card.id, card.button("Edit").custom_id)
    await opened.acknowledged()
    assert opened.modal is not None
    data = {"custom_id": opened.modal["custom_id"], "components": EDITED}
    assert ELSEWHERE in await told(await forge(harness, "alice", data, source=card))
    await harness.bot.kill()
    await harness.restart_bot()
    taken, own = await asyncio.gather(
        forge(harness, "alice", data, source=card), harness.driver.submit_modal(opened, {"prompt": "mine"})
    )
    await taken.answered()
    await own.answered()
    await harness.picture("mine", viewer="bob")
    again = await forge(harness, "alice", data, source=card)
    assert "sent already" in await told(again) or "sent before" in await told(again)
    alice, bob = (int(harness.world.user(name).id) for name in ("alice", "bob"))
    assert harness.rows("SELECT user_id FROM requests ORDER BY user_id") == sorted([(bob,), (bob,), (alice,)])


async def test_moderator_removes_pictures_of_their_own_channels_only(harness: Harness) -> None:
    """The permission is checked in the picture's channel, whoever opened or submits the form."""
    place = harness.world.channel("art")
    place.overwrites[harness.world.user("mod").id] = Overwrite(deny=int(Permission.MANAGE_MESSAGES), is_member=True)
    harness.world.announce_channel(place)
    await harness.driver.slash("bob", "imagine", {"prompt": "not for mod"}, channel="art")
    card = await harness.picture("not for mod", channel="art")
    fields = [field("reason", 4, value="because"), field("block", 3, values=["none"])]
    data = {"custom_id": "takedown:1:77", "components": fields}
    for channel in ("general", "art", "sketchbook", "elsewhere"):
        said = await told(await forge(harness, "mod", data, channel=channel))
        assert "may not manage messages in the channel of no. 1" in said or "no picture of mine" in said
    assert harness.rows("SELECT deleted_at FROM requests") == [(None,)]
    place.overwrites.pop(harness.world.user("mod").id)
    harness.world.announce_channel(place)
    opened = await harness.driver.context_menu("mod", "Remove picture", target_message_id=card.id, channel="art")
    await opened.acknowledged()
    assert opened.modal is not None
    data = {"custom_id": opened.modal["custom_id"], "components": fields}
    for member, channel in (("bob", "art"), ("mod", "general")):
        assert ELSEWHERE in await told(await forge(harness, member, data, channel=channel))
    assert harness.rows("SELECT COUNT(*) FROM audit") == [(0,)]
    assert "Removed no. 1" in await told(await harness.driver.submit_modal(opened, {"reason": "because"}))


async def test_remove_form_reveals_nothing_about_pictures_it_may_not_remove(harness: Harness) -> None:
    """An unknown number is one sentence and not an error; only its moderators learn that a picture was deleted."""
    fields = [field("reason", 4, value="because"), field("block", 3, values=["none"])]
    for member in ("alice", "mod"):
        unknown = await forge(harness, member, {"custom_id": "takedown:404:77", "components": fields})
        assert "no picture of mine" in await told(unknown)
    assert not [line for line in harness.bot.output if "Traceback" in line]
    await harness.imagine("deleted by its member", member="bob")
    card = await harness.picture("deleted by its member", viewer="bob")
    opened = await harness.driver.context_menu("mod", "Remove picture", target_message_id=card.id)
    await opened.acknowledged()
    assert "Removed no. 1" in await told(await harness.driver.submit_modal(opened, {}))
    for member, words in (("alice", "may not manage messages"), ("mod", "has been deleted")):
        gone = await forge(harness, member, {"custom_id": "takedown:1:77", "components": fields})
        assert words in await told(gone)


async def test_message_menu_works_only_on_messages_of_its_channel(harness: Harness) -> None:
    """A message from another channel is rejected, whatever the client sends."""
    hide(harness, "art", "bob")
    posted = harness.driver.send("bob", "look", channel="art", files=[("red.png", a_picture("red"))])
    opened = await harness.driver.context_menu("bob", "Remix this", target_message_id=posted.id, channel="art")
    await opened.acknowledged()
    for name in ("Remix this", "Inspect picture"):
        data = {**opened.record.data, "name": name}
        forged = await forge(harness, "alice", data, kind=InteractionType.COMMAND)
        assert "isn't offered here" in await told(forged)


async def test_word_rules_are_proposed_only_to_members_who_may_read_them(harness: Harness) -> None:
    """A member without Manage Server gets no proposals and can't reset a quota."""
    await (await harness.driver.slash("mod", "settings words add", {"pattern": "secretword"})).answered()
    typed = {"name": "rule", "type": 4, "value": "", "focused": True}
    words = {"name": "words", "type": 2, "options": [{"name": "remove", "type": 1, "options": [typed]}]}
    data = {"id": "1", "name": "settings", "type": 1, "options": [words]}
    asked = await forge(harness, "alice", data, kind=InteractionType.AUTOCOMPLETE)
    await asked.acknowledged()
    assert asked.choices == []
    assert len(await harness.driver.autocomplete("mod", "settings words remove", "rule", "")) == 1
    harness.world.guild.roles[harness.world.guild.members[harness.world.user("mod").id].role_ids[0]].permissions = (
        1 << 13
    )
    reset = await harness.driver.slash("mod", "quotas reset", {"member": "alice"})
    assert "Only members with the permission Manage Server" in await told(reset)
    assert harness.rows("SELECT COUNT(*) FROM audit WHERE action = 'quota_reset'") == [(0,)]


async def asks(harness: Harness, custom_id: str) -> Message:
    """Wait for the message with this button."""
    return await harness.driver.wait_message(
        lambda m: any(button.custom_id == custom_id for button in m.buttons()), viewer="alice", timeout_s=30
    )


async def test_retries_stay_within_the_quota(harness: Harness) -> None:
    """Each retry is an order: after three, Try again is refused until the quota has room, and the question remains."""
    await (await harness.driver.slash("mod", "quotas set", {"pictures_per_day": "3"})).answered()
    harness.apimaster.script(*[Fault.charged_then_reset() for _ in range(9)])
    await harness.imagine("lost and lost")
    for number in range(1, 4):
        message = await asks(harness, f"retry:{number}")
        await (await harness.driver.click("alice", message.id, f"retry:{number}")).acknowledged()
    await harness.driver.wait_message(lambda m: "0 left, 1 asked for" in m.text(), viewer="alice")
    assert harness.states() == ["uncertain"] * 3
    assert len(harness.apimaster.posts) == 3
    await (await harness.driver.slash("mod", "quotas reset", {"member": "alice"})).answered()
    harness.apimaster.script()
    await harness.driver.click("alice", message.id, "retry:3")
    await harness.until(lambda: len(harness.states()) == 4)
