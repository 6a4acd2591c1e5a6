"""Forms and permissions that somebody else uses, or uses from elsewhere: refused; its own member's still works."""

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
    """Send an interaction as a client of one's own may: any custom id, from any channel that its member is in."""
    stored = harness.world.messages.find(source.id) if source else None
    place = harness.world.channel(channel, member)
    record = harness.world.interactions.create(kind, harness.world.user(member), place, data, source=stored)
    return harness.driver.interaction(record.id)


def hide(harness: Harness, channel: str, *members: str) -> None:
    """Let these members alone see a channel; the bot too."""
    place, view = harness.world.channel(channel), int(Permission.VIEW_CHANNEL)
    place.overwrites[harness.world.guild.id] = Overwrite(deny=view)
    for name in (*members, harness.world.bot.username):
        place.overwrites[harness.world.user(name).id] = Overwrite(allow=view, is_member=True)
    harness.world.announce_channel(place)


async def opened_in_hidden_art(harness: Harness) -> Interaction:
    """Bob's form about a picture that he posted where Alice is not."""
    hide(harness, "art", "bob")
    posted = harness.driver.send("bob", "look", channel="art", files=[("red.png", a_picture("red"))])
    opened = await harness.driver.context_menu("bob", "Remix this", target_message_id=posted.id, channel="art")
    await opened.acknowledged()
    assert opened.modal is not None
    return opened


async def test_a_posted_picture_of_a_hidden_channel_is_nobody_elses_reference(harness: Harness) -> None:
    """Sent by another member first, by its own from elsewhere, both at the same moment: its own order is made."""
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
    """By its number, with a made-up form or the real one of another member; also after a restart."""
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


async def test_two_members_with_the_form_of_one(harness: Harness) -> None:
    """After a restart nobody knows whose it was: each orders what they see, once, and takes nothing from the other."""
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


async def test_a_moderator_removes_pictures_of_their_own_channels_alone(harness: Harness) -> None:
    """The permission is asked for in the picture's channel, wherever the form comes from and whoever opened it."""
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


async def test_the_form_that_removes_says_nothing_of_pictures_that_it_may_not_remove(harness: Harness) -> None:
    """No such number is one sentence and no fault of the bot; of a deleted picture only its moderators are told."""
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


async def test_a_menu_is_used_on_messages_of_its_channel_alone(harness: Harness) -> None:
    """A message that another channel shows is no target, whatever a client says."""
    hide(harness, "art", "bob")
    posted = harness.driver.send("bob", "look", channel="art", files=[("red.png", a_picture("red"))])
    opened = await harness.driver.context_menu("bob", "Remix this", target_message_id=posted.id, channel="art")
    await opened.acknowledged()
    for name in ("Remix this", "Inspect picture"):
        data = {**opened.record.data, "name": name}
        forged = await forge(harness, "alice", data, kind=InteractionType.COMMAND)
        assert "isn't offered here" in await told(forged)


async def test_word_rules_are_proposed_to_who_may_read_them(harness: Harness) -> None:
    """A member whom nobody lets manage the server is proposed nothing, and resets no quota."""
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


async def test_trying_again_stays_within_the_quota(harness: Harness) -> None:
    """Each retry is an order: after three, Try again is refused until there is room, and the question stays."""
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
