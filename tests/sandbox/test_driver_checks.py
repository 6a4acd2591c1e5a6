"""Checks of Discord's client that the driver enforces for members."""

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.discord import DiscordServer, World
from sandbox.discord.permissions import Overwrite, Permission
from sandbox.driver import Driver, DriverError
from tests.sandbox.payloads import COMMANDS, button, row


@pytest.fixture
async def commands(world: World, discord_server: DiscordServer) -> None:
    """Registered commands, without a bot to answer them."""
    assert discord_server.api_url
    world.commands.replace(None, COMMANDS)


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "'prompt' is required"),
        ({"prompt": 5}, "takes str"),
        ({"prompt": "x" * 4001}, "None to 4000 characters"),
        ({"prompt": "x", "size": "3:7"}, "is one of Square"),
        ({"prompt": "x", "count": 5}, "from 1 to 4"),
        ({"prompt": "x", "count": True}, "takes int"),
        ({"prompt": "x", "private": 1}, "takes bool"),
        ({"prompt": "x", "image": "file.png"}, "file name, bytes"),
        ({"prompt": "x", "friend": "nobody"}, "no member called"),
        ({"prompt": "x", "colour": "red"}, "no such option: colour"),
    ],
)
async def test_options_are_checked(driver: Driver, options: Mapping[str, Any], why: str) -> None:
    """Required, types, choices, lengths, ranges, files, members, names."""
    with pytest.raises(DriverError, match=why):
        await driver.slash("alice", "imagine", options)


@pytest.mark.usefixtures("commands")
async def test_valid_options_are_sent_as_discord_sends_them(driver: Driver, world: World) -> None:
    """Choice names become values, members and files become ids with resolved objects."""
    options = {"prompt": "p", "size": "Square", "friend": "bob", "image": ("a.bin", b"abc")}
    data = (await driver.slash("alice", "imagine", options)).record.data
    sent = {option["name"]: option["value"] for option in data["options"]}
    assert (sent["prompt"], sent["size"], sent["friend"]) == ("p", "1:1", world.user("bob").id)
    (file,) = data["resolved"]["attachments"].values()
    assert (file["id"], file["size"], file["ephemeral"]) == (sent["image"], 3, True)
    assert "/ephemeral-attachments/" in file["url"]
    assert set(data["resolved"]) == {"users", "members", "attachments"}


@pytest.mark.usefixtures("commands")
async def test_a_subcommand_is_nested(driver: Driver) -> None:
    """One level and two levels, and nothing else."""
    flat = (await driver.slash("alice", "usage overview", {"days": 3})).record.data["options"]
    deep = (await driver.slash("alice", "usage by member")).record.data["options"]
    assert flat == [{"name": "overview", "type": 1, "options": [{"name": "days", "type": 4, "value": 3}]}]
    assert deep == [{"name": "by", "type": 2, "options": [{"name": "member", "type": 1, "options": []}]}]
    for wrong, why in (
        ("usage", "needs a subcommand"),
        ("usage nothing", "no subcommand"),
        ("missing", "not registered"),
    ):
        with pytest.raises(DriverError, match=why):
            await driver.slash("alice", wrong)


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(
    ("member", "command", "channel", "offered"),
    [
        ("alice", "settings", "general", False),
        ("mod", "settings", "general", True),
        ("mod", "settings", "dm", False),
        ("alice", "spicy", "general", False),
        ("alice", "spicy", "after-dark", True),
        ("alice", "imagine", "dm", True),
    ],
)
def test_commands_are_offered_by_permission_and_context(
    driver: Driver, member: str, command: str, channel: str, offered: bool
) -> None:
    """And by age restriction."""
    assert (command in [c["name"] for c in driver.commands(member, channel)]) is offered


def test_ephemeral_messages_and_hidden_channels_are_not_visible(driver: Driver, world: World) -> None:
    """A channel that a member may not view is neither listed nor read."""
    driver.send("mod", "secret", channel="art")
    world.channel("art").overwrites[world.user("bob").id] = Overwrite(deny=Permission.VIEW_CHANNEL, is_member=True)
    assert "art" not in [channel["name"] for channel in driver.channels("bob")]
    assert driver.messages("bob", "art") == []
    assert [message.content for message in driver.messages("alice", "art")] == ["secret"]


def test_deleting_requires_ownership_or_permission(driver: Driver) -> None:
    """Own messages, and with Manage Messages those of any member."""
    mine, other = driver.send("alice", "mine"), driver.send("bob", "other")
    with pytest.raises(DriverError, match="may not delete"):
        driver.delete("alice", other.id)
    driver.delete("alice", mine.id)
    driver.delete("mod", other.id)
    assert driver.messages("alice") == []


async def test_only_enabled_existing_components_are_pressed(driver: Driver, world: World) -> None:
    """Disabled, missing and foreign components are refused before anything is sent."""
    parts = [row(button("on"), button("off", disabled=True)), row({"type": 5, "custom_id": "who"})]
    message = world.messages.create(world.bot, world.channel("general"), {"content": "x", "components": parts}, [])
    for custom_id, why in (("off", "disabled"), ("none", "no component"), ("who", "not a button")):
        with pytest.raises(DriverError, match=why):
            await driver.click("alice", message.id, custom_id)
    with pytest.raises(DriverError, match="not a select"):
        await driver.select("alice", message.id, "on", [])
    pressed = await driver.click("alice", message.id, "on")
    assert (pressed.record.data["custom_id"], pressed.record.source) == ("on", message)
    chosen = await driver.select("alice", message.id, "who", ["bob"])
    assert chosen.record.data["values"] == [world.user("bob").id]
    assert world.user("bob").id in chosen.record.data["resolved"]["members"]


async def test_waiting_times_out(driver: Driver) -> None:
    """Waiting for a bot or a message that does not arrive is a DriverError that says so."""
    with pytest.raises(DriverError, match="did not come online"):
        await driver.wait_for_bot(0.01)
    with pytest.raises(DriverError, match="no such message"):
        await driver.wait_message(lambda _: False, viewer="alice", timeout_s=0.01)


@pytest.mark.usefixtures("commands")
async def test_unknown_members_and_channels_are_named(driver: Driver) -> None:
    """In the error."""
    with pytest.raises(DriverError, match="carol"):
        await driver.slash("carol", "imagine", {"prompt": "x"})
    with pytest.raises(DriverError, match="nowhere"):
        await driver.slash("alice", "imagine", {"prompt": "x"}, channel="nowhere")
