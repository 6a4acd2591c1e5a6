"""The people who run the bot: how it is, stopping it, letting it go on."""

from __future__ import annotations

from pathlib import Path

from sandbox.driver import Interaction, Message
from tests.e2e.harness import House


async def told(house: House, interaction: Interaction) -> Message:
    """What the one who typed a command alone reads."""
    await interaction.answered()
    await house.until(lambda: bool(interaction.response or interaction.followups))
    message = interaction.response or interaction.followups[-1]
    assert message.ephemeral_to == interaction.member
    return message


async def owner(house: House, subcommand: str, *, by: str = "mod") -> str:
    """Use `/owner` in the direct messages with the bot, where Discord shows it to everybody, and read its answer."""
    return (await told(house, await house.driver.slash(by, f"owner {subcommand}", {}, channel="dm"))).text()


async def test_a_pause_outlives_a_restart_and_the_line_has_an_end(tmp_path: Path) -> None:
    """Cards say who paused it and since when; orders are taken up to the limit; resumed, every picture comes."""
    async with House(tmp_path / "data", MAX_WAITING_WHILE_PAUSED="2") as house:
        await house.start()
        assert "Paused. Pictures under way are finished" in await owner(house, "pause")
        assert "paused already" in await owner(house, "pause")
        await house.imagine("before the restart")
        text = (await house.shows("before the restart", "have paused it")).text()
        assert "keeps its place (1st in line)" in text
        assert "They paused it <t:" in text
        await house.bot.kill()
        await house.start()
        await house.imagine("after the restart", member="bob")
        await house.shows("after the restart", "2nd in line", viewer="bob")
        beyond = await told(house, await house.driver.slash("bob", "imagine", {"prompt": "one too many"}))
        assert "2 pictures are waiting already; 2 is the limit" in beyond.text()
        assert house.apimaster.posts == []
        status = await owner(house, "status")
        assert "**Paused** by its owner <t:" in status
        assert "**2** waiting · **0** at work" in status
        assert "Balance at the provider: **100.00**" in status
        assert "1 of 1 shard connected (0:" in status
        assert "It goes on." in await owner(house, "resume")
        await house.picture("before the restart")
        await house.picture("after the restart", viewer="bob")
        assert "Nothing stands still" in await owner(house, "resume")
        assert house.discord.violations == []


async def test_nobody_else_may(house: House) -> None:
    """An ordinary member is refused privately, on the server side, with each subcommand."""
    for subcommand in ("status", "pause", "resume"):
        assert "Only the people who run this bot" in await owner(house, subcommand, by="alice")
    assert house.rows("SELECT paused_at FROM gate") == [(None,)]


async def test_owners_are_told_with_a_button_that_outlives_a_restart(tmp_path: Path) -> None:
    """Those named in the settings too, and a line in the log channel; whoever is no owner any more is refused."""
    async with House(tmp_path / "data", BALANCE_PROBE_SECONDS="300") as house:
        house.bot.env["OWNER_IDS"] = house.world.user("bob").id
        await house.start()
        settings = await told(house, await house.driver.slash("mod", "settings show", {}))
        await house.driver.select("mod", settings.id, "settings:log_channel", ["art"])
        await house.driver.wait_message(lambda m: "chose this channel" in m.text(), viewer="mod", channel="art")
        house.apimaster.set_balance(0)
        await house.imagine("short of money")
        alerts = {
            name: await house.driver.wait_message(lambda m: "empty balance" in m.text(), viewer=name, channel="dm")
            for name in ("bob", "mod")
        }
        assert "Waiting pictures: 1;" in alerts["bob"].text()
        [(label, custom_id, _)] = alerts["mod"].buttons()
        assert label == "Resume now"
        await house.driver.wait_message(lambda m: "balance is empty" in m.text(), viewer="mod", channel="art")
        await house.bot.kill()
        house.bot.env["OWNER_IDS"] = ""
        await house.start()
        await house.until(lambda: len(house.apimaster.posts) == 2)
        house.apimaster.set_balance(10)
        pressed = await house.driver.click("bob", alerts["bob"].id, custom_id, channel="dm")
        assert "Only the people who run this bot" in (await told(house, pressed)).text()
        pressed = await house.driver.click("mod", alerts["mod"].id, custom_id, channel="dm")
        assert "I am trying now" in (await told(house, pressed)).text()
        await house.picture("short of money")
        await house.driver.wait_message(lambda m: "sufficient again" in m.text(), viewer="mod", channel="dm")
        assert "Pictures are ordered as usual" in await owner(house, "status")
        assert len(house.driver.messages("bob", "dm")) == 2
