"""Where the bot works: channel permissions are checked before anything is charged."""

from __future__ import annotations

import pytest

from sandbox.discord.permissions import Permission
from sandbox.driver import Message
from tests.e2e.harness import Harness


@pytest.mark.parametrize(
    ("revoked", "named"),
    [
        ((Permission.ATTACH_FILES,), "permission *Attach Files*"),
        ((Permission.SEND_MESSAGES, Permission.VIEW_CHANNEL), "permissions *View Channel* and *Send Messages*"),
    ],
)
async def test_channel_without_send_permission_is_refused_privately_at_no_cost(
    harness: Harness, revoked: tuple[Permission, ...], named: str
) -> None:
    """The missing permission is named, and who can grant it; nothing is stored or ordered."""
    harness.faults.revoke_permission("general", *revoked)
    await harness.imagine("behind closed doors")
    refusal = await harness.driver.wait_message(lambda m: named in m.text(), viewer="alice")
    assert refusal.ephemeral_to == "alice"
    assert "can grant" in refusal.text()
    assert harness.rows("SELECT * FROM requests") == []
    assert harness.apimaster.posts == []


async def test_pictures_are_made_in_threads_posts_and_voice_chats(harness: Harness) -> None:
    """Each card becomes its picture, also if its token expires meanwhile; threads have their own send permission."""
    harness.knobs.latency_s = 1
    places = ("sketchbook", "best-of", "lounge", "dm")
    for place in places:
        member = "bob" if place in ("lounge", "dm") else "alice"  # two running each
        await harness.driver.slash(member, "imagine", {"prompt": f"a view of {place}"}, channel=place)
    for place in places:
        await harness.shows(f"a view of {place}", "at work", viewer="bob", channel=place)
    harness.faults.expire_all_tokens()
    for place in places:
        await harness.picture(f"a view of {place}", viewer="bob", channel=place)
        assert len(harness.driver.messages("bob", place)) == 1
    harness.faults.revoke_permission("art", Permission.SEND_MESSAGES_IN_THREADS)
    asked = await harness.driver.slash("alice", "imagine", {"prompt": "one more"}, channel="sketchbook")
    await asked.answered()
    assert asked.response is not None
    assert "Send Messages in Threads" in asked.response.text()


async def test_a_private_picture_needs_no_permission(harness: Harness) -> None:
    """Only its member sees it, as a response to their command."""
    harness.faults.revoke_permission("general", Permission.ATTACH_FILES, Permission.SEND_MESSAGES)
    await harness.imagine("a secret garden", private=True)
    assert (await harness.picture("a secret garden")).ephemeral_to == "alice"


async def test_buttons_check_the_same_permissions(harness: Harness) -> None:
    """Again, in a channel where the bot may no longer post."""
    await harness.imagine("first of two")
    message = await harness.picture("first of two")
    harness.faults.revoke_permission("general", Permission.ATTACH_FILES)
    again = next(custom_id for label, custom_id, _ in message.buttons() if label == "Again")
    await harness.driver.click("bob", message.id, again)
    refusal = await harness.driver.wait_message(lambda m: "Attach Files" in m.text(), viewer="bob")
    assert refusal.ephemeral_to == "bob"
    assert len(harness.apimaster.posts) == 1


async def test_spoiler_is_covered_and_stays_so_when_ordered_again(harness: Harness) -> None:
    """The file keeps its name; the gallery item is marked, and the footer says so."""
    await harness.imagine("the murderer", spoiler=True)
    message = await harness.picture("the murderer")
    assert spoilers(message) == [True]
    assert "spoiler" in message.text()
    again = next(custom_id for label, custom_id, _ in message.buttons() if label == "Again")
    await harness.driver.click("bob", message.id, again)
    second = await harness.driver.wait_message(lambda m: bool(m.media()) and m.id != message.id, viewer="bob")
    assert spoilers(second) == [True]


async def test_without_the_option_nothing_is_covered(harness: Harness) -> None:
    """By default a picture is visible."""
    await harness.imagine("a plain view")
    assert spoilers(await harness.picture("a plain view")) == [False]


async def test_commands_for_members_may_be_installed_by_them_and_used_everywhere(harness: Harness) -> None:
    """They are installed by servers and members and used in servers, direct messages and private channels.

    Server management commands are offered only in servers; owner commands also in direct messages with the bot.
    """
    for command in harness.world.commands.all():
        everybody = command.get("default_member_permissions") is None
        assert command["integration_types"] == ([0, 1] if everybody else [0]), command["name"]
        of_those_in_charge = [0, 1] if command["name"] == "owner" else [0]
        assert command["contexts"] == ([0, 1, 2] if everybody else of_those_in_charge), command["name"]


def spoilers(message: Message) -> list[bool]:
    """Whether each picture of a message is covered."""
    return [
        bool(item.get("spoiler"))
        for container in message.components
        for part in container.get("components", [])
        for item in part.get("items", [])
    ]


async def test_details_say_that_a_channel_is_age_restricted(harness: Harness) -> None:
    """Nothing else differs there."""
    interaction = await harness.driver.slash("alice", "imagine", {"prompt": "after hours"}, channel="after-dark")
    await interaction.acknowledged()
    message = await harness.picture("after hours", channel="after-dark")
    about = next(custom_id for label, custom_id, _ in message.buttons() if label == "Details")
    await harness.driver.click("alice", message.id, about)
    await harness.driver.wait_message(
        lambda m: any("age-restricted channel" in str(e) for e in m.embeds), viewer="alice", channel="after-dark"
    )
