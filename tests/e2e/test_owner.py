"""Commands for the bot's owners: status, pause, resume."""

from __future__ import annotations

from pathlib import Path

from sandbox.driver import Interaction, Message
from tests.e2e.harness import Harness


async def told(harness: Harness, interaction: Interaction) -> Message:
    """The private answer to a command."""
    await interaction.answered()
    await harness.until(lambda: bool(interaction.response or interaction.followups))
    message = interaction.response or interaction.followups[-1]
    assert message.ephemeral_to == interaction.member
    return message


async def owner(harness: Harness, subcommand: str, *, by: str = "mod") -> str:
    """Use `/owner` in the direct messages with the bot, where Discord shows it to everyone, and read its answer."""
    return (await told(harness, await harness.driver.slash(by, f"owner {subcommand}", {}, channel="dm"))).text()


async def test_pause_outlives_a_restart_and_the_queue_has_a_limit(tmp_path: Path) -> None:
    """Cards say who paused it and since when; orders are taken up to the limit; after resume, every picture arrives."""
    async with Harness(tmp_path / "data", MAX_WAITING_WHILE_PAUSED="2") as harness:
        await harness.start()
        assert "Paused. Pictures under way are finished" in await owner(harness, "pause")
        assert "paused already" in await owner(harness, "pause")
        await harness.imagine("before the restart")
        text = (await harness.shows("before the restart", "have paused it")).text()
        assert "keeps its place (1st in line)" in text
        assert "They paused it <t:" in text
        await harness.bot.kill()
        await harness.start()
        await harness.imagine("after the restart", member="bob")
        await harness.shows("after the restart", "2nd in line", viewer="bob")
        beyond = await told(harness, await harness.driver.slash("bob", "imagine", {"prompt": "one too many"}))
        assert "2 pictures are waiting already; 2 is the limit" in beyond.text()
        assert harness.apimaster.posts == []
        status = await owner(harness, "status")
        assert "**Paused** by its owner <t:" in status
        assert "**2** waiting · **0** at work" in status
        assert "Balance at the provider: **100.00**" in status
        assert "1 of 1 shard connected (0:" in status
        assert "It goes on." in await owner(harness, "resume")
        await harness.picture("before the restart")
        await harness.picture("after the restart", viewer="bob")
        assert "Nothing stands still" in await owner(harness, "resume")
        assert harness.discord.violations == []


async def test_other_members_are_refused(harness: Harness) -> None:
    """An ordinary member is refused privately, by the bot, with each subcommand."""
    for subcommand in ("status", "pause", "resume"):
        assert "Only the people who run this bot" in await owner(harness, subcommand, by="alice")
    assert harness.rows("SELECT paused_at FROM gate") == [(None,)]


async def test_owners_are_notified_with_a_button_that_outlives_a_restart(tmp_path: Path) -> None:
    """Also the owners named in the settings, and the log channel; a former owner's press is refused."""
    async with Harness(tmp_path / "data", BALANCE_PROBE_SECONDS="300") as harness:
        harness.bot.env["OWNER_IDS"] = harness.world.user("bob").id
        await harness.start()
        settings = await told(harness, await harness.driver.slash("mod", "settings show", {}))
        await harness.driver.select("mod", settings.id, "settings:log_channel", ["art"])
        await harness.driver.wait_message(lambda m: "chose this channel" in m.text(), viewer="mod", channel="art")
        harness.apimaster.set_balance(0)
        await harness.imagine("short of money")
        alerts = {
            name: await harness.driver.wait_message(lambda m: "empty balance" in m.text(), viewer=name, channel="dm")
            for name in ("bob", "mod")
        }
        assert "Waiting pictures: 1;" in alerts["bob"].text()
        [(label, custom_id, _)] = alerts["mod"].buttons()
        assert label == "Resume now"
        await harness.driver.wait_message(lambda m: "balance is empty" in m.text(), viewer="mod", channel="art")
        await harness.bot.kill()
        harness.bot.env["OWNER_IDS"] = ""
        await harness.start()
        await harness.until(lambda: len(harness.apimaster.posts) == 2)
        harness.apimaster.set_balance(10)
        pressed = await harness.driver.click("bob", alerts["bob"].id, custom_id, channel="dm")
        assert "Only the people who run this bot" in (await told(harness, pressed)).text()
        pressed = await harness.driver.click("mod", alerts["mod"].id, custom_id, channel="dm")
        assert "I am trying now" in (await told(harness, pressed)).text()
        await harness.picture("short of money")
        await harness.driver.wait_message(lambda m: "sufficient again" in m.text(), viewer="mod", channel="dm")
        assert "Pictures are ordered as usual" in await owner(harness, "status")
        assert len(harness.driver.messages("bob", "dm")) == 2
