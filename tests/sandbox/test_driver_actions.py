"""The driver and the stand-in with a real discord.py client."""

from collections.abc import AsyncIterator

import pytest

from sandbox.discord import DiscordServer, World
from sandbox.driver import Driver, DriverError
from tests.sandbox.small_bot import SmallBot, running_bot
from tests.sandbox.test_discord_cdn import picture


@pytest.fixture
async def bot(discord_server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SmallBot]:
    """A running bot; at the end, none of its bodies may have been refused."""
    async with running_bot(discord_server, monkeypatch) as running:
        yield running
    assert discord_server.violations == []


@pytest.mark.usefixtures("bot")
async def test_a_command_becomes_a_card_with_its_picture(driver: Driver) -> None:
    """Deferral, multipart edit with a gallery, and the picture read back from the CDN."""
    interaction = await driver.slash("alice", "pic", {"prompt": "corgi", "size": "Square", "count": 2})
    assert await interaction.acknowledged() < 3
    await interaction.answered()
    message = await driver.wait_message(lambda m: bool(m.media()), viewer="bob")
    assert "corgi 1:1 2 0" in message.text()
    assert (message.author, message.edits, message.interaction_id) == ("Imagine", 0, interaction.id)
    assert [(button.label, button.custom_id) for button in message.buttons()] == [("Again", "again:7")]
    assert [(media.filename, media.width, media.description) for media in message.media()] == [("p.png", 40, "corgi")]
    assert await message.read() == picture()


@pytest.mark.usefixtures("bot")
async def test_attachments_reach_the_bot(driver: Driver) -> None:
    """A file option is read by the bot through its ephemeral, signed URL."""
    data = picture(10, 10)
    interaction = await driver.slash("bob", "pic", {"prompt": "x"}, files={"image": ("in.png", data)})
    await interaction.answered()
    assert interaction.response is not None
    assert f"16:9 1 {len(data)}" in interaction.response.text()


@pytest.mark.usefixtures("bot")
async def test_dynamic_button_responds_privately(driver: Driver) -> None:
    """Only the member who clicked sees the ephemeral response and can use it."""
    interaction = await driver.slash("alice", "pic", {"prompt": "x"})
    await interaction.answered()
    assert interaction.response is not None
    click = await driver.click("bob", interaction.response.id, "again:7")
    await click.answered()
    assert click.response is not None
    assert (click.response.content, click.response.ephemeral_to) == ("again 7", "bob")
    assert [m.content for m in driver.messages("bob")][-1] == "again 7"
    assert click.response.id not in [m.id for m in driver.messages("alice")]
    with pytest.raises(DriverError, match="alice sees no message"):
        driver.message("alice", click.response.id)


@pytest.mark.usefixtures("bot")
async def test_autocomplete_proposes_while_typing(driver: Driver) -> None:
    """The bot's choices for the text typed so far."""
    choices = await driver.autocomplete("alice", "pic", "style", "in", {"prompt": "x"})
    assert [choice["value"] for choice in choices] == ["ink"]


@pytest.mark.usefixtures("bot")
async def test_modal_is_filled_in_with_text_choice_and_files(driver: Driver) -> None:
    """A button opens it; text, select and two files arrive; the response updates the message of the button."""
    form = await (await driver.slash("alice", "form")).answered()
    assert form.response is not None
    opened = await (await driver.click("alice", form.response.id, "edit")).answered()
    assert opened.modal is not None
    assert opened.modal["title"] == "Edit"
    files = [("a.png", picture()), ("b.txt", b"four")]
    sent = await driver.submit_modal(opened, {"prompt": "new", "size": "Wide", "files": files})
    await sent.answered()
    assert driver.message("bob", form.response.id).content == f"new ['16:9'] [{len(picture())}, 4]"


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"prompt": "x" * 21, "size": "1:1"}, "0 to 20 characters"),
        ({"prompt": "", "size": "1:1"}, "required"),
        ({"size": "3:1"}, "no option '3:1'"),
        ({}, "takes 1 to 1 values"),
        ({"size": "1:1", "files": [("a", b"")] * 4}, "takes 0 to 3 values"),
        ({"size": "1:1", "colour": "red"}, "no field colour"),
    ],
)
async def test_a_modal_is_checked_before_it_is_sent(driver: Driver, values: dict[str, object], why: str) -> None:
    """Values that Discord's client would reject are a DriverError."""
    form = await (await driver.slash("alice", "form")).answered()
    assert form.response is not None
    opened = await (await driver.click("alice", form.response.id, "edit")).answered()
    with pytest.raises(DriverError, match=why):
        await driver.submit_modal(opened, values)


@pytest.mark.usefixtures("bot")
async def test_a_select_menu_is_used(driver: Driver) -> None:
    """By label or value; too many or unknown values are refused."""
    form = await (await driver.slash("alice", "form")).answered()
    assert form.response is not None
    chosen = await (await driver.select("bob", form.response.id, "pick", ["B"])).answered()
    assert chosen.response is not None
    assert chosen.response.content == "picked ['b']"
    for wrong in (["a", "b"], ["c"], []):
        with pytest.raises(DriverError):
            await driver.select("bob", form.response.id, "pick", wrong)


@pytest.mark.usefixtures("bot")
async def test_a_message_command_gets_the_whole_message(driver: Driver) -> None:
    """Content and attachments arrive although the bot has no message-content intent."""
    posted = driver.send("bob", "my dog", files=[("dog.png", picture())])
    used = await (await driver.context_menu("alice", "Remix", target_message_id=posted.id)).answered()
    assert used.response is not None
    assert used.response.content == f"my dog by bob [{len(picture())}]"


@pytest.mark.usefixtures("bot")
async def test_a_user_command_gets_the_member(driver: Driver) -> None:
    """Including the member's permissions."""
    used = await (await driver.context_menu("alice", "Who", target_user="mod")).answered()
    assert used.response is not None
    assert used.response.content == "mod True"


@pytest.mark.usefixtures("bot")
async def test_subcommands_and_permissions(driver: Driver) -> None:
    """`admin stats` works for the moderator and is hidden from plain members and in DMs."""
    used = await (await driver.slash("mod", "admin stats", {"member": "bob"})).answered()
    assert used.response is not None
    assert used.response.content == "bob True"
    for member, channel in (("alice", "general"), ("mod", "dm")):
        with pytest.raises(DriverError, match="'admin'"):
            await driver.slash(member, "admin stats", {"member": "bob"}, channel=channel)
    assert "admin" in [command["name"] for command in driver.commands("mod")]
    assert "admin" not in [command["name"] for command in driver.commands("alice")]


@pytest.mark.usefixtures("bot")
async def test_a_command_in_a_dm_answers_there(driver: Driver) -> None:
    """The DM is the member's own."""
    interaction = await (await driver.slash("alice", "form", channel="dm")).answered()
    assert interaction.response is not None
    assert [message.content for message in driver.messages("alice", "dm")] == ["form"]
    assert driver.messages("bob", "dm") == []


@pytest.mark.usefixtures("bot")
async def test_an_unanswered_command_fails_for_the_member(driver: Driver, world: World) -> None:
    """The handle has the failure text that the member sees; waiting for a response raises."""
    world.interactions.acknowledge_within_s = 0.02
    interaction = await driver.slash("alice", "slow")
    with pytest.raises(DriverError, match="did not respond"):
        await interaction.answered(1)
    assert interaction.state == "failed: did not respond in 3 s"


async def test_bot_reconnects_after_a_dropped_gateway(
    driver: Driver, bot: SmallBot, discord_server: DiscordServer
) -> None:
    """discord.py resumes, and a command sent meanwhile is answered in time."""
    events = driver.subscribe()
    await discord_server.faults.drop_gateway(4000)
    interaction = await driver.slash("alice", "form")
    await interaction.answered()
    events.close()
    kinds = [event.kind async for event in events]
    assert kinds.index("bot_offline") < kinds.index("bot_online") < kinds.index("interaction_acknowledged")
    assert not bot.is_closed()


@pytest.mark.usefixtures("bot")
async def test_event_stream_has_a_commands_steps(driver: Driver) -> None:
    """Created, thinking, acknowledged, updated: in this order."""
    events = driver.subscribe()
    await (await driver.slash("alice", "pic", {"prompt": "x"})).answered()
    events.close()
    story = [(event.kind, event.message.loading if event.message else None) async for event in events]
    assert story == [
        ("interaction_created", None),
        ("message_created", True),
        ("interaction_acknowledged", None),
        ("message_updated", False),
    ]


async def test_group_dm_is_visible_only_to_its_members(driver: Driver) -> None:
    """The moderator is not in it, and sees neither the channel nor its messages."""
    said = driver.send("alice", "among us", channel="friends")
    assert [message.id for message in driver.messages("bob", "friends")] == [said.id]
    assert "friends" not in [channel["name"] for channel in driver.channels("mod")]
    with pytest.raises(DriverError, match="mod sees no message"):
        driver.message("mod", said.id)
